from __future__ import annotations

import re
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as settings_of
from hypothesis import strategies as st
from support.expressway_dump import DUMP
from support.paths import DATA
from support.third_party import require_shared

from dialplan.language.format import format_dialplan
from dialplan.model import Query, Traffic
from sipedge.config import load_config
from sipedge.importing.expressway import CONFIG, PLAN, REPORT, Imported, import_expressway
from sipedge.settings import Settings
from zones.access import decide
from zones.zone import AnyZone, AuthenticationPolicy, DefaultZone, DnsZone, NeighborZone, TraversalServerZone


def _write(folder: Path, imported: Imported) -> Settings:
    for name, text in imported.files.items():
        (folder / name).write_text(text)
    return load_config(folder / CONFIG, create_secret=False)


@pytest.fixture(scope="module")
def imported() -> Imported:
    return import_expressway(DUMP, "dump.txt")


@pytest.fixture
def settings(imported: Imported, tmp_path: Path) -> Settings:
    return _write(tmp_path, imported)


def _zone(settings: Settings, name: str) -> AnyZone:
    return next(zone for zone in settings.zones if zone.name == name)


def test_what_comes_out_is_a_good_configuration(settings: Settings) -> None:
    assert settings.system_name == "expe.ciscoexample.com"
    assert settings.domains == ("ciscoexample.com",)
    assert settings.plan.variables.ipv4 == ("192.0.2.10",)
    assert settings.dns.servers == ("192.0.2.53",)
    assert settings.limits.message == 32768
    assert [(one.name, one.address, one.port) for one in settings.listeners] == [
        ("TLS IPv4", "0.0.0.0", 5061),
        ("TLS IPv6", "::", 5061),
        ("Inside", "0.0.0.0", 7001),
    ]
    assert all(one.client_certificate for one in settings.listeners)


def test_a_traversal_server(settings: Settings) -> None:
    zone = _zone(settings, "Inside")
    assert isinstance(zone, TraversalServerZone)
    assert (zone.port, zone.hop_count, zone.username, zone.preloaded_routes) == (7001, 20, "traversal", True)
    assert (zone.tls.verify, zone.tls.subject_names) == (True, ("expc.ciscoexample.com",))
    assert zone.authentication_policy is AuthenticationPolicy.TREAT_AS_AUTHENTICATED


def test_a_neighbor(settings: Settings) -> None:
    zone = _zone(settings, "Node")
    assert isinstance(zone, NeighborZone)
    assert (zone.peers, zone.port, zone.transport) == (("imp.ciscoexample.com", "192.0.2.6"), 5062, "TCP")
    assert (zone.monitor, zone.server_error_alive, zone.authentication_trust) == (False, False, True)
    assert (zone.poison, zone.record_route_hostname, zone.proxy_require_strip) == (True, True, ("a.b", "c"))
    assert (zone.tls.verify, zone.preloaded_routes) == (False, False)


def test_a_dns_zone(settings: Settings) -> None:
    zone = _zone(settings, "Internet")
    assert isinstance(zone, DnsZone)
    assert (zone.modify_dns_request, zone.include_address_record, zone.inbound_mapping) == (
        "callservice.example",
        True,
        True,
    )
    assert (zone.transport, zone.tls.subject_names) == ("TLS", ("sip.msexample.com",))


def test_the_default_zone_and_its_access_rules(settings: Settings) -> None:
    zone = _zone(settings, "Default Zone")
    assert isinstance(zone, DefaultZone)
    assert zone.mutual_tls
    assert [(rule.name, rule.enabled) for rule in zone.access_rules] == [("partner", True), ("access rule 2", False)]
    assert decide(zone.access_rules, ["SIP.msexample.com"]) == (True, "partner")
    assert decide(zone.access_rules, ["bad.example"]) == (False, None)


def test_credentials(imported: Imported, settings: Settings) -> None:
    passwords = {one.username: one.password for one in settings.credentials}
    assert passwords["up"] == "plain"
    assert len(passwords["traversal"]) == len(passwords["other"]) == 32
    assert passwords["traversal"] != passwords["other"]
    assert imported.secret == {"server.key", "up.password", "traversal.password", "other.password"}


@pytest.mark.parametrize(
    ("query", "targets"),
    [
        (Query("bob@ciscoexample.com", "Default Zone", Traffic.MICROSOFT_IMP), ["Inside"]),
        (Query("1234@192.0.2.10", "Default Zone", Traffic.MICROSOFT_IMP), ["Inside"]),
        (Query("bob@ciscoexample.com", "Default Zone"), ["Inside (stand-in)"]),
        (Query("bob@msexample.com", "Inside", Traffic.MICROSOFT_IMP), ["Inside (stand-in)", "Internet"]),
        (Query("5", "Local Zone"), ["E.164", "Inside (stand-in)"]),
    ],
)
def test_the_plan(settings: Settings, query: Query, targets: list[str]) -> None:
    """A policy service called like a zone is a zone of its own; it has the default priority, 100."""
    found = settings.plan.search(query)
    assert [target.zone for tier in found.tiers for target in tier.targets] == targets


def test_the_plan_is_laid_out_and_keeps_what_was_refused(imported: Imported) -> None:
    text = imported.files[PLAN]
    assert format_dialplan(text, "f") == text
    assert "# Not possible here: a back-reference" in text
    assert '# search rule "refused" {\n' in text
    assert imported.refused == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "Zones Zone 4 Neighbor Brand New",
        "Zones Policy SearchRules Rule 1 Brand New",
        "Transform 1 Brand New",
        "SIP Domain 1 Brand New",
        "Zones DefaultZone AccessRules Rule 1 Brand New",
        "Brand New",
    ],
)
def test_what_is_not_known_is_named_with_its_line(name: str) -> None:
    report = import_expressway(f"xConfiguration {name}: 7\n{DUMP}", "dump").files[REPORT]
    assert f'line 1: {name}: "7"' in report.partition("Settings without an equal here")[2]


def test_secrets_are_not_printed(imported: Imported) -> None:
    assert "hush" not in imported.files[REPORT]
    assert "$a$b" not in "".join(imported.files.values())


def test_the_report_says_what_differs(imported: Imported) -> None:
    report = imported.files[REPORT]
    for sentence in (
        "4 search rules\n1 transforms\n5 zones\n4 stand-ins for zones\n1 SIP domains",
        'rule "refused": a back-reference',
        'line 15: Policy AdministratorPolicy Mode: "LocalCPL": Call Policy has no equal',
        "line 17: SIP Advanced SipTlsVersions: TLS before 1.2 has no equal",
        'line 19: SIP Domain 2 Name: "not a domain" is no domain name',
        "Ethernet 1 IP V4 StaticNAT Address: 198.51.100.10: if peers put it into Route headers",
        "Zones Zone 3 Type: zones of type ENUM have no equal",
        "Zones Zone 6 Type: SIP is off",
        "Zones Zone 4 Neighbor SIP Transport: there is no UDP here; TCP is taken",
        "Zones Zone 4 Neighbor SIP TLS Verify Mode: is off",
        'Zones Zone 4 Neighbor Peer 5 Address: "no peer" is neither an address nor a host name',
        "Zones Zone 4 H323 Mode: there is no H.323 here",
        "Zones Zone 1 TraversalServer Collaboration Edge: mobile and remote access has no equal",
        'the password of "traversal" is not in the dump',
        'the password of "other" is enciphered',
        'subzone "Branch" is read as the Local Zone',
        '"Inside" is a policy service; the zone "Inside (stand-in)" stands in for it',
        "this rule (deny) is left out",
        "not a setting: admin> xconfiguration",
        "cut off, not used: *c xConfiguration Zones Zone 7 Na",
        'Administration SSH Mode: "On"',
        "SNMP CommunityName: (not shown)",
    ):
        assert sentence in report, sentence


def test_a_dump_with_gaps(tmp_path: Path) -> None:
    """Two boxes' dumps in one: zones that rules name and nobody describes."""
    imported = import_expressway((DATA / "expressway/two_boxes.txt").read_text(), "two_boxes.txt")
    settings = _write(tmp_path, imported)
    assert [zone.name for zone in settings.zones] == [
        "Harbour Traversal",
        "Harbour Traversal (zone 4)",
        "DNS",
        "Partner DNS",
        "Default Zone",
    ]
    hidden = settings.plan.search(Query("x@deck.partner.example", "Harbour Traversal"))
    assert {entry.rule: entry.outcome.value for entry in hidden.trace} == {
        "to the inside": "source",
        "everything outside": "matched",
        "to the partner": "stopped",
    }
    assert "Zones Zone 4 TraversalServer UDPProbe KeepAliveInterval" in imported.files[REPORT]


def test_a_published_dump(tmp_path: Path) -> None:
    name = "03_xconfiguration_zone_and_searchrule.txt"
    imported = import_expressway(require_shared(f"samples/expressway/{name}").read_text(), name)
    settings = _write(tmp_path, imported)
    hidden = settings.plan.search(Query("x@dmz.ciscospark.com", "Hybrid Call Service Traversal"))
    assert {entry.rule: entry.outcome.value for entry in hidden.trace} == {
        "Webex Hybrid": "source",
        "to DNS": "matched",
        "Webex Hybrid - to Webex Cloud": "stopped",
    }
    assert "Zones Zone 7 TraversalServer UDPProbe RetryInterval" in imported.files[REPORT]


def _toml(text: str, **options: Any) -> dict[str, Any]:
    return tomllib.loads(import_expressway(text, "dump", **options).files[CONFIG])


def test_certificates_of_the_admin_s_own() -> None:
    imported = import_expressway("xConfiguration SystemUnit Name: expc\n", "dump", "/etc/edge/")
    found = tomllib.loads(imported.files[CONFIG])
    assert found["tls"] == {
        "trusted": "/etc/edge/trusted.pem",
        "server": [{"certificate": "/etc/edge/server.pem", "key": "/etc/edge/server.key"}],
    }
    assert set(imported.files) == {CONFIG, PLAN, REPORT}
    assert found["edge"]["system_name"] == "expc"


def test_strangers_without_certificates_where_the_box_lets_them_in() -> None:
    found = _toml("xConfiguration Zones DefaultZone SIP TLS Verify Mode: Off\nxConfiguration SIP TCP Mode: On\n")
    assert [zone for zone in found["zone"] if zone["type"] == "default"] == [
        {"type": "default", "from_domain": "any", "transport": "TCP", "mutual_tls": False}
    ]
    assert [one.get("client_certificate", True) for one in found["listener"]] == [False, True]


def test_names_of_files_come_from_the_dump_but_stay_in_the_folder() -> None:
    text = "".join(
        f'xConfiguration Authentication Credential {n} Name: "{name}"\n'
        for n, name in enumerate(["../../etc/x", ".._.._etc_x", "\u00fc", "A", "a"])
    )
    imported = import_expressway(text, "dump")
    files = [name for name in imported.files if name.endswith(".password")]
    assert len({name.lower() for name in files}) == 5
    assert all("/" not in name and not name.startswith(".") for name in files)


WHOLE = DUMP.rpartition("\n")[0]
"""Without the line that is cut off."""


@pytest.mark.parametrize(
    "text",
    [
        WHOLE.replace("*c ", ""),
        WHOLE.replace("\n", "\r\n"),
        re.sub(r': "(.*)"$', r": \1", WHOLE, flags=re.MULTILINE),
        re.sub(r"^(.{80})(.)", r"\1\n\2", WHOLE, flags=re.MULTILINE),
        re.sub(r"^(.{80})(.)", r"\1\n\2", re.sub(r': "(.*)"$', r": \1", WHOLE, flags=re.MULTILINE), flags=re.MULTILINE),
        re.sub(r'"\n\*c xC', '" *c xC', WHOLE),
        WHOLE.replace("Zones Zone", "zones zone").replace("xConfiguration", "xconfiguration"),
        WHOLE.replace("\n", "\n# noise\n\n* other\n"),
        "\n".join(sorted(WHOLE.split("\n"), reverse=True)),
    ],
    ids=["bare", "crlf", "unquoted", "wrapped", "unquoted-wrapped", "joined", "case", "noise", "order"],
)
def test_the_spelling_of_a_dump_does_not_matter(text: str, imported: Imported) -> None:
    assert text != WHOLE
    found = import_expressway(text, "dump.txt")
    assert found.files[CONFIG] == imported.files[CONFIG]
    assert found.files[PLAN] == imported.files[PLAN]


def test_a_dump_name_cannot_break_out_of_its_comment() -> None:
    imported = import_expressway("xConfiguration A: 1\n", 'x\n[evil]\nsearch rule "a" {}')
    assert "evil" not in tomllib.loads(imported.files[CONFIG])
    assert format_dialplan(imported.files[PLAN], "f").startswith("# Made from x [evil]")


VALUES = st.sampled_from(
    [
        "",
        "On",
        "Off",
        "0",
        "1",
        "5061",
        "7001",
        "99999",
        "-1",
        "Any",
        'a"b',
        "x\\y",
        "%ip%",
        "(",
        "[",
        "DefaultZone",
        "Inside",
    ]
    + [
        "LocalZone",
        "\u00fc",
        "\x1b[1m",
        "a" * 300,
        "TCP",
        "UDP",
        "Regex",
        "Exact",
        "Replace",
        "*.x.y",
        "::1",
        "{cipher}x",
        " ",
    ]
)
LINES = WHOLE.split("\n")


@pytest.mark.slow
@settings_of(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_is_missing_or_wrong_the_configuration_is_good(data: st.DataObject) -> None:
    """Lines left out, values exchanged for others: what comes out loads all the same."""
    gone = data.draw(st.sets(st.integers(0, len(LINES) - 1), max_size=60))
    other = data.draw(st.dictionaries(st.integers(0, len(LINES) - 1), VALUES, max_size=30))
    lines = [
        line.partition(": ")[0] + f': "{other[number]}"' if number in other else line
        for number, line in enumerate(LINES)
        if number not in gone
    ]
    with TemporaryDirectory() as folder:
        settings = _write(Path(folder), import_expressway("\n".join(lines), "dump"))
        assert settings.plan.search(Query("a@b", "Default Zone")) is not None
