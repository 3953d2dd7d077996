from __future__ import annotations

from support.messages import request
from support.traces import record

from sipedge.traces.ladder.flow import Sighting, number, sighting
from sipedge.traces.ladder.hops import joined, local_ends
from sipedge.traces.records.record import Direction, Endpoint

LISTENER, CLIENT, PEER = Endpoint("192.0.2.1", 5060), Endpoint("127.0.0.1", 40_555), Endpoint("198.51.100.20", 5061)


def seen(index: int, file: str, direction: Direction, call_id: str = "1") -> Sighting:
    return sighting(index, record(request(call_id=call_id), file=file, direction=direction))


def test_a_hop_at_both_ends_is_one_whatever_log_comes_first() -> None:
    sent, received = seen(1, "a", Direction.SENT), seen(2, "b", Direction.RECEIVED)
    for order in ((sent, received), (received, sent)):
        (hop,) = joined(order)
        assert number(hop) == "1=2" and hop.record.file == "a"


def test_what_is_sent_twice_is_two_hops() -> None:
    logs = [seen(number, "a", Direction.SENT) for number in (1, 2)]
    logs += [seen(number, "b", Direction.RECEIVED) for number in (3, 4, 5)]
    assert [number(hop) for hop in joined(logs)] == ["1=3", "2=4", "5"]


def test_what_is_not_one_hop() -> None:
    for other in (
        seen(2, "a", Direction.RECEIVED),
        seen(2, "b", Direction.SENT),
        seen(2, "b", Direction.RECEIVED, "other"),
        seen(2, "b", Direction.UNKNOWN),
    ):
        assert len(joined([seen(1, "a", Direction.SENT), other])) == 2


def test_the_ends_of_one_box_are_one_party_called_by_where_it_listens() -> None:
    sent = sighting(1, record(direction=Direction.SENT, source=CLIENT, destination=PEER))
    again = sighting(2, record(direction=Direction.SENT, source=CLIENT, destination=PEER))
    received = sighting(3, record(source=PEER, destination=LISTENER))
    assert local_ends([sent, again, received]) == {CLIENT: LISTENER, LISTENER: LISTENER}


def test_a_file_that_takes_nobodys_side_has_no_box() -> None:
    there = sighting(1, record(source=PEER, destination=LISTENER))
    back = sighting(2, record(source=LISTENER, destination=PEER))
    assert local_ends([there, back]) == {}
