from __future__ import annotations

import pytest

from dialplan.importers.xconfiguration import Dump, read_dump
from sipedge.importing.edge import (
    credentials,
    edge_table,
    listener_tables,
    minimum_version,
    other_tables,
    password_file,
    read_box,
)


def _dump(*lines: str) -> Dump:
    return read_dump("".join(f"xConfiguration {line}\n" for line in lines))


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        (["IP DNS Hostname: expe", "IP DNS Domain Name: example.com"], "expe.example.com"),
        (["IP DNS Hostname: expe", "SystemUnit Name: other"], "expe"),
        (["SystemUnit Name: expe"], "expe"),
        (["SystemUnit Name: Main HQ"], "edge.invalid"),
    ],
)
def test_host_names(lines: list[str], name: str) -> None:
    assert read_box(_dump(*lines)).host_name == name


def test_stand_ins_are_told_where_they_stand() -> None:
    box = read_box(_dump("A: 1"))
    table = edge_table(box, "x.dialplan")
    assert table.keys == {"system_name": "edge.invalid", "domains": ["example.invalid"], "dialplans": ["x.dialplan"]}
    assert set(table.notes) == {"system_name", "domains"}
    assert len(box.remarks) == 2


def test_variables() -> None:
    box = read_box(
        _dump(
            "Ethernet 1 IP V4 Address: 192.0.2.1",
            "Ethernet 2 IP V6 Address: 2001:DB8::1",
            "SIP Domains Domain 1 Name: a.example",
        )
    )
    assert (box.variables.ipv4, box.variables.ipv6) == (("192.0.2.1",), ("2001:db8::1",))
    assert box.variables.domains == ("a.example",)


def test_listeners() -> None:
    dump = _dump(
        "SIP TCP Mode: On", "SIP TCP Port: 70000", "SIP TLS Port: 5070", "SIP UDP Mode: On", "IPProtocol: IPv6"
    )
    box = read_box(dump)
    tables = listener_tables(dump, box)
    assert [table.keys for table in tables] == [
        {"name": "TLS", "address": "::", "port": 5070},
        {"name": "TCP", "address": "::", "port": 5060, "transport": "TCP"},
    ]
    assert {"SIP UDP Mode: there is no UDP here", 'SIP TCP Port: "70000" is no port; 5060 is taken'} <= {
        remark.text for remark in box.remarks
    }
    off = _dump("SIP TLS Mode: Off")
    assert listener_tables(off, read_box(off)) == []


def test_tls_and_tcp_on_one_port() -> None:
    dump = _dump("SIP TCP Mode: On", "SIP TCP Port: 5061")
    box = read_box(dump)
    assert [table.keys["name"] for table in listener_tables(dump, box)] == ["TLS"]
    assert "SIP TCP Port: 5061 is that of TLS too; there is no TCP listener" in [one.text for one in box.remarks]


def test_name_servers_and_limits() -> None:
    dump = _dump("IP DNS Server 1 Address: ns", "SIP Advanced SipTcpConnectTimeout: 5", "SIP Advanced SipMaxSize: 0")
    (limits,) = other_tables(dump)
    assert (limits.header, limits.keys) == ("[limits]", {"connect": 5})


@pytest.mark.parametrize(
    ("versions", "minimum", "told"),
    [("TLSv1:TLSv1.1:TLSv1.2", "1.2", True), ("TLSv1.2:TLSv1.3", "1.2", False), ("TLSv1.3", "1.3", False)],
)
def test_tls_versions(versions: str, minimum: str, told: bool) -> None:
    dump = _dump(f"SIP Advanced SipTlsVersions: {versions}", "SystemUnit Name: a", "SIP Domain 1 Name: b.example")
    box = read_box(dump)
    assert minimum_version(dump, box) == minimum
    assert bool(box.remarks) is told


def test_credentials() -> None:
    dump = _dump(
        "Authentication Credential 1 UserName: a",
        "Authentication Credential 1 Password: {cipher}x",
        "Authentication Credential 2 Password: y",
        "Zones Zone 1 TraversalClient Authentication Password: secret",
    )
    box = read_box(dump)
    view = dump.under("Zones Zone 1 TraversalClient")
    assert credentials(dump, {"a": view, "b": view}, box) == {"a": "secret", "b": "secret"}
    assert 'the password of "a" is enciphered' in box.remarks[-1].text


def test_password_files() -> None:
    taken: set[str] = set()
    assert [password_file(name, taken) for name in ("a/b", "a_b", "..", "A_B")] == [
        "a_b.password",
        "a_b-2.password",
        "user.password",
        "A_B-3.password",
    ]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("Zones Policy Mode: SearchRules", False),
        ("Zones Policy Mode: Directory", True),
        ("Policy AdministratorPolicy Mode: Off", False),
        ("Call Services CallsToUnknownIPAddresses: Direct", True),
        ("Call Services Fallback Alias:", False),
        ("SIP Mode: Off", True),
    ],
)
def test_settings_that_decide_where_requests_go(line: str, told: bool) -> None:
    box = read_box(_dump(line, "SystemUnit Name: a", "SIP Domain 1 Name: b.example"))
    assert bool(box.remarks) is told
