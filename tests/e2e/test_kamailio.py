"""Kamailio as the edge's neighbour over TLS, on the caller's side and on the far side; SIPp behind it over TCP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.certificates import issue, make_ca
from support.kamailio import Route, kamailio
from support.processes import fresh_address
from support.running_edge import Edge, edge_toml, listener, neighbor, rule
from support.sipp import Parties, Sipp, exchange

pytestmark = pytest.mark.e2e

CALLS = 5
CALLER, CALLEE = "alice@near.example", "bob@far.example"
EXCHANGES = [
    ("caller_invite", "callee_invite"),
    ("caller_cancel", "callee_cancel"),
    ("caller_busy", "callee_busy"),
    ("caller_late_ack", "callee_repeats_200"),
    ("caller_message", "callee_message"),
]


TOPOLOGIES = ["open", "hidden"]


@pytest.fixture(scope="module", params=TOPOLOGIES)
def near_side(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Parties, str]]:
    """caller - TCP - Kamailio - TLS - edge - TCP - callee; and the watcher's address, behind Kamailio."""
    folder = tmp_path_factory.mktemp("near-side")
    edge, proxy, caller, callee, watcher = (fresh_address() for _ in range(5))
    ca = make_ca(folder)
    routes = [
        Route(r"@far\.example", f"sip:{edge}:5061;transport=tls"),
        Route(f"@{watcher}", f"sip:{watcher}:5060;transport=tcp"),
    ]
    shown = f'topology = "{request.param}"'
    zones = [neighbor("kamailio", [proxy], "TLS", shown), neighbor("far", [callee], "TCP", shown)]
    rules = rule("out", r".*@far\.example", "far") + rule("back", f".*@{watcher}", "kamailio")
    config = edge_toml(ca, issue(ca, ips=[edge]), listener("tls", edge), listener("tcp", edge, "TCP"), *zones)
    keys = {"caller": CALLER, "callee": CALLEE, "watcher": f"alice@{watcher}:5060"}
    with (
        kamailio(folder / "kamailio", proxy, ca, issue(ca, ips=[proxy]), routes),
        Edge(folder / "edge", config, rules),
    ):
        yield Parties(caller, callee, f"{proxy}:5060", keys), watcher


@pytest.fixture(scope="module", params=TOPOLOGIES)
def far_side(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Parties, str]]:
    """caller - TCP - edge - TLS - Kamailio - TCP - callee; and the watcher's address, a zone of the edge."""
    folder = tmp_path_factory.mktemp("far-side")
    edge, proxy, caller, callee, watcher = (fresh_address() for _ in range(5))
    ca = make_ca(folder)
    routes = [
        Route(r"@far\.example", f"sip:{callee}:5060;transport=tcp"),
        Route(f"@{watcher}", f"sip:{edge}:5061;transport=tls"),
    ]
    shown = f'topology = "{request.param}"'
    zones = [neighbor("kamailio", [proxy], "TLS", shown), neighbor("near", [caller], "TCP", shown)]
    zones.append(neighbor("watcher", [watcher], "TCP"))
    rules = rule("out", r".*@far\.example", "kamailio") + rule("back", f".*@{watcher}", "watcher")
    config = edge_toml(ca, issue(ca, ips=[edge]), listener("tls", edge), listener("tcp", edge, "TCP"), *zones)
    keys = {"caller": CALLER, "callee": CALLEE, "watcher": f"alice@{watcher}:5060"}
    with (
        kamailio(folder / "kamailio", proxy, ca, issue(ca, ips=[proxy]), routes),
        Edge(folder / "edge", config, rules),
    ):
        yield Parties(caller, callee, f"{edge}:5060", keys), watcher


@pytest.mark.parametrize(("caller", "callee"), EXCHANGES)
def test_kamailio_on_the_callers_side(near_side: tuple[Parties, str], tmp_path: Path, caller: str, callee: str) -> None:
    exchange(tmp_path, caller, callee, near_side[0], calls=CALLS)


@pytest.mark.parametrize(("caller", "callee"), EXCHANGES)
def test_kamailio_on_the_far_side(far_side: tuple[Parties, str], tmp_path: Path, caller: str, callee: str) -> None:
    exchange(tmp_path, caller, callee, far_side[0], calls=CALLS)


def test_the_callee_ends_a_session_through_both_record_routes(near_side: tuple[Parties, str], tmp_path: Path) -> None:
    exchange(tmp_path, "caller_invite_hung_up", "callee_hangs_up", near_side[0], calls=CALLS)


def test_notify_finds_its_way_back_without_route(near_side: tuple[Parties, str], tmp_path: Path) -> None:
    _notify_without_route(*near_side, tmp_path)


def test_notify_finds_it_from_the_far_side_too(far_side: tuple[Parties, str], tmp_path: Path) -> None:
    _notify_without_route(*far_side, tmp_path)


def _notify_without_route(parties: Parties, watcher: str, folder: Path) -> None:
    """RFC 6665 without record-routing: the NOTIFY is searched like a request of its own, by its Request-URI."""
    with Sipp(folder, "callee_notify", watcher, parties.keys, calls=CALLS) as waiting:
        exchange(folder, "caller_subscribe", "callee_subscribe", parties, calls=CALLS)
        assert waiting.finish().count("Event: presence") == CALLS
