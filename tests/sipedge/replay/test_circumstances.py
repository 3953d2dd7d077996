from __future__ import annotations

from support.messages import answer_to, request
from support.settings import ZONES, make_settings
from support.traces import record

from dialplan.model import Traffic
from sipedge.replay.circumstances import Hints
from sipedge.replay.referee import Circumstances
from sipedge.replay.search_log import BoxLine, BoxSearch
from sipedge.sip.message import Message
from sipedge.traces.records.record import Direction, Record
from zones.zone import NeighborZone

SETTINGS = make_settings(zones=(*ZONES, NeighborZone(name="Hybrid Call Services")))
OWN = "SIP/2.0/TLS 203.0.113.1:5061;egress-zone=Outside;branch=z9hG4bK2"
SENDER = "SIP/2.0/TLS 192.0.2.10:5061;branch=z9hG4bK1;ingress-zone=HybridCallServices"


def search(alias: str = "bob@outside.example", time: float = 36_000.0) -> BoxSearch:
    return BoxSearch([BoxLine(time, 0, "r", "alias", alias)])


def hints(*records: Record) -> Hints:
    return Hints(records, SETTINGS)


def sent(message: Message, **fields: object) -> Record:
    return record(message, direction=Direction.SENT, **fields)


def test_the_via_of_a_request_that_was_sent_on_names_the_source_zone() -> None:
    found = hints(sent(request(via=(OWN, SENDER)))).of(search())
    assert found == Circumstances("Hybrid Call Services", Traffic.MICROSOFT_IMP)


def test_so_does_the_top_via_of_an_answer() -> None:
    found = hints(sent(answer_to(request(via=SENDER), 404))).of(search())
    assert found == Circumstances("Hybrid Call Services", None)


def test_a_received_request_tells_its_traffic_only() -> None:
    assert hints(record(request(via=(OWN, SENDER)))).of(search()) == Circumstances(None, Traffic.MICROSOFT_IMP)


def test_a_route_may_be_what_was_searched() -> None:
    message = request(via=(OWN, SENDER), routes=("<sip:cucm.example;lr>",))
    assert hints(sent(message)).of(search("cucm.example;lr")).zone == "Hybrid Call Services"


def test_the_nearest_message_counts() -> None:
    other = SENDER.replace("HybridCallServices", "Inside")
    found = hints(sent(request(via=(OWN, SENDER)), time=36_020.0), sent(request(via=(OWN, other)), time=36_001.0))
    assert found.of(search()).zone == "Inside"


def test_messages_about_others_or_long_ago_tell_nothing() -> None:
    message = sent(request(via=(OWN, SENDER)))
    assert hints(message).of(search("eve@outside.example")) == Circumstances()
    assert hints(message).of(search(time=36_100.0)) == Circumstances()
    unknown = SENDER.replace("HybridCallServices", "Unknown")
    assert hints(sent(request(via=(OWN, unknown)))).of(search()).zone is None


def test_what_cannot_be_read_tells_nothing() -> None:
    broken = (record(b"nonsense"), sent(request(via=(OWN, "nonsense"))), sent(request(), time=None))
    assert hints(*broken).of(search()).zone is None
    odd = request("OPTIONS", "nonsense", to="nonsense")
    assert hints(record(odd)).of(search("nonsense")) == Circumstances()
