"""What one process knows of neighbours and traversal zones is what another one goes by."""

from __future__ import annotations

import pickle
from itertools import count

from sipedge.proxy.looked_after.seen import UpkeepSeen, changes, follow, seen
from zones.digest import authorization
from zones.neighbor import NeighborPeers
from zones.table import ZoneTable
from zones.traversal_server import TraversalServer
from zones.zone import Credential, NeighborZone, TraversalServerZone

RIGHT = Credential("traversal", "secret")
FAR = NeighborZone(name="Far", peers=("192.0.2.1", "192.0.2.2"))
SERVER = TraversalServerZone(name="Traversal", username="traversal", credential=RIGHT)
URI = "sip:expe.example:7001;transport=tls"


class Process:
    """One that looks after the two zones, or follows another."""

    def __init__(self) -> None:
        numbers = count()
        self.far = NeighborPeers(FAR, lambda: 0.0)
        self.server = TraversalServer(SERVER, b"key", lambda: next(numbers).to_bytes(8, "big"))
        self.table = ZoneTable((FAR, SERVER))

    def zones(self) -> tuple[dict[str, NeighborPeers], dict[str, object], dict[str, TraversalServer]]:
        return {"Far": self.far}, {}, {"Traversal": self.server}

    def look_up(self) -> None:
        while questions := self.far.questions(0.0):
            for question in questions:
                self.far.answer(question, (), 0.0, ttl=60.0, error="")

    def tell(self, other: Process, now: float) -> bool:
        """As over the bus: packed and unpacked."""
        told: UpkeepSeen = pickle.loads(pickle.dumps(seen(*self.zones())))  # type: ignore[arg-type]
        return follow(told, *other.zones(), other.table, now)  # type: ignore[arg-type]


def test_who_follows_knows_addresses_and_health_and_asks_nobody() -> None:
    first, other = Process(), Process()
    first.look_up()
    first.far.failed(first.far.hops(0.0)[0], 1.0, "refused")
    assert first.tell(other, 1.0)
    assert other.far.questions(1.0) == ()
    assert dict(other.far.states()) == dict(first.far.states())
    assert sorted(map(str, other.far.hops(1.0))) == sorted(map(str, first.far.hops(1.0)))
    assert other.table.is_neighbor("192.0.2.1")
    assert not first.tell(other, 1.0), "the addresses are the same as before"


def test_a_connection_that_has_proved_itself_there_is_authenticated_here() -> None:
    first, other = Process(), Process()
    for process in (first, other):
        process.server.opened(7)
    challenge = first.server.options(7, "", URI, 0.0)
    assert not other.server.authenticated(7, 0.0)
    first.server.options(7, authorization(challenge.challenges, RIGHT, "OPTIONS", URI, "c0ffee") or "", URI, 0.0)
    first.tell(other, 0.0)
    assert other.server.authenticated(7, 0.0) and other.server.hops(0.0) == first.server.hops(0.0)
    other.server.closed(7, 1.0)
    first.tell(other, 1.0)
    assert not other.server.authenticated(7, 1.0), "who is gone here is not brought back by old news"


def test_changes_tell_when_there_is_news() -> None:
    first = Process()
    first.look_up()
    before = changes(*first.zones())  # type: ignore[arg-type]
    assert changes(*first.zones()) == before  # type: ignore[arg-type]
    first.far.failed(first.far.hops(0.0)[0], 1.0, "refused")
    assert changes(*first.zones()) != before  # type: ignore[arg-type]
