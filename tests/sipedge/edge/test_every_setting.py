"""Every setting of edge.toml is in force after a reload; a new one has to be entered here, with whoever obeys it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path

from support.certificates import issue, make_ca
from support.processes import fresh_address

from sipedge.config import load_config
from tools.memory_edge import MemoryEdge, run_edge
from zones.zone import UNLIMITED

WHOLE = {"tls", "log.hep", "xmpp", "web", "turn"}
"""Records that change as a whole."""


def paths(record: object, before: str = "") -> Iterator[str]:
    """``limits.transactions`` and so on, for every setting."""
    for field in fields(record):  # type: ignore[arg-type]
        path, value = before + field.name, getattr(record, field.name)
        if is_dataclass(value) and path not in WHOLE:
            yield from paths(value, path + ".")
        else:
            yield path


def at(record: object, path: str) -> object:
    for name in path.split("."):
        record = getattr(record, name)
    return record


def core(path: str) -> Callable[[MemoryEdge], object]:
    """Obeyed by the core, which asks its settings each time."""
    return lambda edge: at(edge.server._proxy._installation.settings, path)


def loop(path: str) -> Callable[[MemoryEdge], object]:
    """Obeyed by the server, which asks its settings each time."""
    return lambda edge: at(edge.server._settings, path)


def observers(path: str) -> Callable[[MemoryEdge], object]:
    """Outputs, listener of metrics and doctor are made from them."""
    return lambda edge: at(edge.server._observers.settings, path)


def connections(path: str) -> Callable[[MemoryEdge], object]:
    """Obeyed by connections, which ask for each message, each handshake, each connect."""
    return lambda edge: at(edge.server._connections.limits, path.removeprefix("limits."))


def resolver(path: str) -> Callable[[MemoryEdge], object]:
    return lambda edge: at(edge.server._resolver._settings, path.removeprefix("dns."))


CORE = """system_name domains names zones plan secret former_secrets credentials keep_uri_parameters undo_escapes
    route_age route_grace
    timers.c timers.accepted limits.dialogs""".split()
LOOP = "drain waiting_per_hop own_connection_after busy_poll heartbeat".split()
CONNECTIONS = """header_section header_line headers handshake first_byte message_time idle connect connections
    connections_per_source send_queue malformed_in_a_row ban_after ban_time ban_longest""".split()
OBSERVERS = """log.decisions log.messages log.expressway log.rotate_size log.rotate_count log.mask_credentials log.hep
    metrics.listen doctor.interval doctor.partners doctor.federation_routing doctor.inside_dns""".split()
OBEYED: dict[str, Callable[[MemoryEdge], object]] = {
    **{path: core(path) for path in CORE},
    **{path: loop(path) for path in (f"limits.{name}" for name in LOOP)},
    **{path: connections(path) for path in (f"limits.{name}" for name in CONNECTIONS)},
    **{path: observers(path) for path in OBSERVERS},
    **{path: resolver(path) for path in ("dns.servers", "dns.timeout", "dns.attempts", "dns.cache")},
    "limits.remembered": lambda edge: edge.server._proxy.memory._most,
    "limits.message": lambda edge: edge.server._stack._reception._size,
    "limits.transactions": lambda edge: edge.server._stack._servers.total.most,
    "limits.transactions_per_connection": lambda edge: edge.server._stack._servers._each,
    "listeners": lambda edge: tuple(each.listener for each in edge.server._connections.listening._open.values()),
    "tls": lambda edge: edge.server._connections._tls._tls,
    "control": lambda edge: edge.control.service.place and edge.control.service.place.path,
    "revision": loop("revision"),
    "journal": lambda edge: edge.server._keeping._journal and edge.server._keeping._journal.path,
    "history": lambda edge: edge.server.recording.history._entries.maxlen,
    # The process hands the settings on to what runs on engines: test_xmpp.py, test_web.py, test_turn.py in tests/e2e
    **{path: loop(path) for path in ("xmpp", "web", "turn")},
}

NOT_SET = {"secret_made_up", "places", "workers"}
"""What no file says, no running edge has, or no load can change (tests/e2e/test_workers.py)."""

LISTENER = '\n[[listener]]\nname = "{0}"\naddress = "203.0.113.1"\nport = 5060\ntransport = "TCP"\n'
BEFORE = '[edge]\nworkers = 1\nsystem_name = "old.example.com"\ndomains = ["old.example"]\n' + LISTENER.format("old")
AFTER = """\
[edge]
workers = 1
system_name = "new.example.com"
domains = ["new.example"]
names = ["sip.new.example"]
dialplans = ["new.dialplan"]
keep_uri_parameters = true
undo_escapes = false
secret_file = "new.secret"
former_secret_files = ["former.secret"]
history = 7
journal = "journal"
route_age = 86400
route_grace = 2030-01-31

[tls]
trusted = "{ca}"
server = [{{certificate = "{leaf}.pem", key = "{leaf}.key"}}]

[limits]
{limits}
[timers]
c = 200.5
accepted = 33.5

[dns]
servers = ["127.0.0.1"]
timeout = 1.5
attempts = 3
cache = 9

[log]
decisions = "decisions"
messages = "messages"
expressway = "expressway"
rotate_size = 100001
rotate_count = 3
mask_credentials = false
[log.hep]
address = "127.0.0.1"

[metrics]
listen = "{metrics}"

[doctor]
interval = 600
partners = ["partner.example"]
federation_routing = ["fr.example"]
inside_dns = ["127.0.0.1"]

[xmpp]
domains = ["new.example"]
address = "203.0.113.2"
inside_address = "203.0.113.3"
security_mode = "no tls"

[web]
address = "203.0.113.4"
[[web.meeting_server]]
guest_uri = "join.new.example"

[turn]
address = "203.0.113.4"
realm = "new.example"
[[turn.user]]
username = "user"
password_file = "former.secret"

[[credential]]
username = "user"
password = "secret"

[[zone]]
name = "far"
type = "neighbor"
transport = "TCP"
peers = ["192.0.2.7"]
[zone.rate]
messages_per_second = 90
per_peer = 80
per_domain = 70
burst = 2
subscribe_targets = 60
pace = 50
pace_wait = 4
"""
"""Every rate has a value of its own."""


def test_a_reload_brings_every_setting_into_force(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    path.write_text(BEFORE)
    before = load_config(path)
    limits = {field.name: getattr(before.limits, field.name) for field in fields(before.limits)}
    limits = {name: value + (0.5 if name == "busy_poll" else 1) for name, value in limits.items()}
    lines = "".join(f"{name} = {value}\n" for name, value in limits.items())
    ca, leaf = make_ca(tmp_path), tmp_path / "leaf"
    issue(ca, names=["join.new.example"], out=leaf)
    (tmp_path / "new.dialplan").write_text("")
    (tmp_path / "former.secret").write_text("ab" * 32)

    async def scenario(edge: MemoryEdge) -> None:
        text = AFTER.format(ca=ca.certificate, leaf=leaf, limits=lines, metrics=f"{fresh_address()}:9100")
        path.write_text(text + LISTENER.format("new"))
        await edge.control.loads.reload()
        after = load_config(path)
        assert sorted(OBEYED) == sorted(set(paths(after)) - NOT_SET)
        same = [name for name in OBEYED if name != "plan" and at(after, name) == at(before, name)]
        assert same == [], "these are not changed here, so that nothing is shown"
        wrong = [name for name in OBEYED if name != "plan" and OBEYED[name](edge) != at(after, name)]
        assert wrong == []
        assert OBEYED["plan"](edge).variables == after.plan.variables  # type: ignore[attr-defined]
        rate = next(zone.rate for zone in after.zones if zone.name == "far")
        assert [name for name in paths(rate) if at(rate, name) == at(UNLIMITED, name)] == []
        assert edge.server._proxy._rates.zones["far"].policy == rate
        assert edge.server._proxy._contexts._paces

    run_edge(before, scenario, str(path))
