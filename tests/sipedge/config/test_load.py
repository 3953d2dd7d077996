from __future__ import annotations

import shutil
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.certificates import issue, make_ca
from support.configuration import EDGE, errors, write

from dialplan.model import Query, Traffic
from sipedge.config import ConfigError, load_config
from sipedge.settings import Certificate, DnsSettings, Hep, Limits, Listener, Log, MetricsSettings, Timers
from zones.zone import (
    AccessAction,
    AuthenticationPolicy,
    Credential,
    DefaultZone,
    DnsZone,
    ExtendedKeyUsage,
    LookUp,
    NeighborZone,
    TlsPolicy,
    TraversalClientZone,
    TraversalServerZone,
)

PLAN = """\
search rule "to the node" {
    priority 20
    mode alias pattern match
    pattern type regex
    pattern ".*@example\\.com"
    behavior leave
    target zone "IMP"
}
"""
NODE = """\
[[zone]]
name = "IMP"
type = "neighbor"
peers = ["127.0.0.2"]
transport = "TCP"
"""
FULL = """\
[edge]
system_name = "edge.example.com"
domains = ["example.com", "example.org"]
dialplans = ["plans/one.dialplan"]
names = ["sip.example.com"]
addresses = ["192.0.2.1"]
secret_file = "secret"
keep_uri_parameters = true
history = 10
route_age = 3600
route_grace = 2030-01-31

[tls]
trusted = "ca.pem"
minimum_version = "1.3"
client = { certificate = "edge.pem", key = "edge.key" }
[[tls.server]]
certificate = "edge.pem"
key = "edge.key"

[[listener]]
name = "federation"
address = "0.0.0.0"
port = 5061
[[listener]]
name = "plain"
address = "::1"
port = 0
transport = "TCP"
client_certificate = false

[[credential]]
username = "inside"
password = "geheim-1"
[[credential]]
username = "outside"
password_file = "password"

[[zone]]
name = "IMP"
type = "neighbor"
peers = ["imp.example.com", "127.0.0.2"]
port = 5062
hop_count = 5
authentication_policy = "treat as authenticated"
[zone.tls]
subject_names = ["imp.example.com"]
extended_key_usage = "warn"

[[zone]]
name = "By service"
type = "neighbor"
peers = ["example.net"]
look_up = "service record"
monitor = false

[[zone]]
name = "Traversal"
type = "traversal server"
address = "127.0.0.1"
username = "inside"
tls.subject_names = ["expc.example.com"]
[[zone]]
name = "Second"
type = "traversal server"
username = "inside"
tls.verify = false

[[zone]]
name = "Up"
type = "traversal client"
peers = ["expe.example.com"]
username = "outside"
retry_interval = 30

[[zone]]
name = "DNS"
type = "dns"
border = true
modify_dns_request = "example.net"

[[zone]]
type = "default"
[[zone.access_rule]]
name = "rest"
priority = 20
pattern = "sip."
action = "deny"
[[zone.access_rule]]
name = "partners"
priority = 10
pattern_type = "regex"
pattern = '.*\\.(%localdomains%|partner\\.example)'
action = "allow"

[limits]
message = 100000
idle = 60

[timers]
c = 200.5

[dns]
servers = ["127.0.0.1:5353"]
cache = 0

[log]
decisions = "decisions.jsonl"
messages = "messages.jsonl"
rotate_count = 3
mask_credentials = false
[log.hep]
address = "homer.example.com"
transport = "TLS"
capture_id = 7
password_file = "password"
trusted = "ca.pem"

[metrics]
listen = "[::1]:9100"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("config")
    ca = make_ca(folder)
    shutil.copy(ca.certificate, folder / "ca.pem")
    issue(ca, names=["edge.example.com"], out=folder / "edge")
    issue(ca, names=["other.example.com"], out=folder / "other")
    (folder / "password").write_text("geheim-2\n")
    (folder / "plans").mkdir()
    (folder / "plans/one.dialplan").write_text(PLAN)
    return folder


def test_the_smallest_configuration_has_a_default_zone(tmp_path: Path) -> None:
    settings = load_config(write(tmp_path, EDGE))
    assert settings.system_name == "edge.example.com"
    assert settings.domains == ("example.com",)
    assert settings.zones == (DefaultZone(),)
    assert settings.listeners == ()
    assert (settings.limits, settings.timers, settings.dns) == (Limits(), Timers(), DnsSettings())
    assert settings.history == 255


def test_every_table_reaches_the_settings(folder: Path) -> None:
    settings = load_config(write(folder, FULL))
    own = Certificate(str(folder / "edge.pem"), str(folder / "edge.key"))
    assert (settings.tls.server, settings.tls.client, settings.tls.minimum_version) == ((own,), own, "1.3")
    assert settings.tls.trusted == str(folder / "ca.pem")
    assert settings.domains == ("example.com", "example.org")
    assert settings.names == ("sip.example.com", "192.0.2.1")
    assert settings.keep_uri_parameters
    assert settings.history == 10
    assert settings.route_age == 3600 and settings.route_grace == datetime(2030, 2, 1, tzinfo=UTC).timestamp() - 1e-6
    assert settings.log == Log(
        decisions=str(folder / "decisions.jsonl"),
        messages=str(folder / "messages.jsonl"),
        rotate_count=3,
        mask_credentials=False,
        hep=Hep(
            "homer.example.com", transport="TLS", capture_id=7, password="geheim-2", trusted=str(folder / "ca.pem")
        ),
    )
    assert settings.metrics == MetricsSettings("[::1]:9100")
    assert settings.limits == Limits(message=100000, idle=60)
    assert settings.timers == Timers(c=200.5)
    assert settings.dns == DnsSettings(servers=("127.0.0.1:5353",), cache=0)
    assert settings.credentials == (Credential("inside", "geheim-1"), Credential("outside", "geheim-2"))
    assert settings.listeners == (
        Listener("federation", "0.0.0.0", 5061),
        Listener("plain", "::1", 0, "TCP", client_certificate=False),
        Listener("Traversal", "127.0.0.1", 7001, zone="Traversal"),
        Listener("Second", "0.0.0.0", 7002, zone="Second", client_certificate=False),
    )


def test_every_type_of_zone_becomes_its_record(folder: Path) -> None:
    *zones, default = load_config(write(folder, FULL)).zones
    assert zones == [
        NeighborZone(
            name="IMP",
            hop_count=5,
            authentication_policy=AuthenticationPolicy.TREAT_AS_AUTHENTICATED,
            tls=TlsPolicy(subject_names=("imp.example.com",), extended_key_usage=ExtendedKeyUsage.WARN),
            peers=("imp.example.com", "127.0.0.2"),
            port=5062,
        ),
        NeighborZone(name="By service", peers=("example.net",), look_up=LookUp.SERVICE_RECORD, monitor=False),
        TraversalServerZone(
            name="Traversal",
            username="inside",
            credential=Credential("inside", "geheim-1"),
            tls=TlsPolicy(subject_names=("expc.example.com",)),
        ),
        TraversalServerZone(
            name="Second",
            port=7002,
            username="inside",
            credential=Credential("inside", "geheim-1"),
            tls=TlsPolicy(verify=False),
        ),
        TraversalClientZone(
            name="Up",
            peers=("expe.example.com",),
            credential=Credential("outside", "geheim-2"),
            retry_interval=30,
        ),
        DnsZone(name="DNS", border=True, modify_dns_request="example.net"),
    ]
    assert isinstance(default, DefaultZone)
    first, second = default.access_rules
    assert (first.name, first.priority, first.action, second.name) == ("partners", 10, AccessAction.ALLOW, "rest")
    assert [first.matches(name) for name in ("SIP.Example.ORG", "a.partner.example", "example.com.evil")] == [
        True,
        True,
        False,
    ]
    assert second.matches("sip.anything") and not second.matches("xsip.")


def test_the_plan_is_ready_to_search(folder: Path) -> None:
    settings = load_config(write(folder, FULL))
    found = settings.plan.search(Query("bob@EXAMPLE.com", "Default Zone", Traffic.STANDARD)).to_json()
    assert found["tiers"][0]["targets"] == [{"rule": "to the node", "zone": "IMP", "alias": "bob@EXAMPLE.com"}]


def test_passwords_and_secrets_are_not_shown(folder: Path) -> None:
    settings = load_config(write(folder, FULL))
    assert "geheim-1" not in repr(settings)
    assert "geheim-2" not in repr(settings)
    assert repr(settings.secret) not in repr(settings)


def test_a_missing_secret_is_made_once_and_kept(tmp_path: Path) -> None:
    path = write(tmp_path, EDGE)
    secret = load_config(path).secret
    made = tmp_path / "edge.secret"
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert bytes.fromhex(made.read_text()) == secret
    assert len(secret) == 32
    assert load_config(path).secret == secret


def test_checking_makes_no_file(tmp_path: Path) -> None:
    path = write(tmp_path, EDGE)
    assert len(load_config(path, create_secret=False).secret) == 32
    assert list(tmp_path.iterdir()) == [path]


def test_a_broken_configuration_makes_no_file(tmp_path: Path) -> None:
    path = write(tmp_path, EDGE + "histori = 1\n")
    with pytest.raises(ConfigError):
        load_config(path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_secret_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    text = EDGE + 'secret_file = "nowhere/secret"\n'
    with pytest.raises(ConfigError) as caught:
        load_config(write(tmp_path, text))
    assert f'the secret cannot be written to "{tmp_path}/nowhere/secret": No such file or directory' in str(
        caught.value
    )


def test_problems_of_all_files_come_in_one_list(folder: Path) -> None:
    (folder / "plans/two.dialplan").write_text('search rule "x" {\n    prioriti 3\n    target zone "IMP"\n}\n')
    (folder / "plans/three.dialplan").write_text('search rule "y" {\n    source zone "Nil"\n    target zone "DSN"\n}\n')
    text = EDGE + 'dialplans = ["plans/two.dialplan", "plans/three.dialplan", "four"]\nhistory = true\n' + NODE
    found = errors(folder, text)
    assert [message.partition("\n")[0] for message in found] == [
        'edge.toml:4:60: "four" cannot be read: No such file or directory',
        'edge.toml:5:11: "history" must be a whole number',
        "plans/two.dialplan:2:5: unknown field 'prioriti 3'",
        'plans/three.dialplan:2:17: there is no zone "Nil"',
        'plans/three.dialplan:3:17: there is no zone "DSN"',
    ]


def test_nothing_is_sent_to_the_default_zone(folder: Path) -> None:
    (folder / "default.dialplan").write_text('search rule "y" {\n    target zone "Default Zone"\n}\n')
    assert errors(folder, EDGE + 'dialplans = ["default.dialplan"]\n' + NODE) == [
        "default.dialplan:2:17: nothing can be sent to the Default Zone: it stands for peers that no zone names\n"
        '        target zone "Default Zone"\n'
        "                    ^\n"
        '    zones are "IMP" or "Local Zone"'
    ]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "none.toml")
    assert str(caught.value) == f"{tmp_path}/none.toml:1:1: cannot be read: No such file or directory"


def test_busy_poll_may_be_switched_off(folder: Path) -> None:
    assert load_config(write(folder, EDGE + "[limits]\nbusy_poll = 0\n"), create_secret=False).limits.busy_poll == 0
    assert len(errors(folder, EDGE + "[limits]\nbusy_poll = -0.1\n")) == 1


def test_the_metrics_need_a_port_of_their_own(folder: Path) -> None:
    listener = '[[listener]]\nname = "l"\naddress = "0.0.0.0"\nport = 5060\ntransport = "TCP"\n'
    (found,) = errors(folder, f'{EDGE}{listener}[metrics]\nlisten = "127.0.0.1:5060"\n')
    assert found.startswith('edge.toml:10:10: "metrics" listens on 127.0.0.1:5060, which "l" has already\n')


def test_the_revision_follows_each_text_and_no_place(tmp_path: Path) -> None:
    def revision(folder: str, edge: str = EDGE, plan: str = PLAN) -> str:
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "edge.dialplan").write_text(plan)
        return load_config(write(tmp_path / folder, edge)).revision

    named = EDGE.replace("[edge]\n", '[edge]\ndialplans = ["edge.dialplan"]\n', 1) + NODE
    first = revision("one", named)
    assert len(first) == 64 and first == revision("two", named)
    assert len({first, revision("three", named + "# moved\n"), revision("four", named, PLAN + "\n")}) == 3
