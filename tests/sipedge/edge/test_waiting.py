from __future__ import annotations

from sipedge.edge.waiting import Waiting
from sipedge.proxy.commands import Forward, Send
from zones.zone import Hop

ONE, TWO = Hop("far", "TLS", "192.0.2.1", 5061, "a.example"), Hop("far", "TLS", "192.0.2.1", 5061, "b.example")


def test_commands_are_taken_once_and_in_their_order() -> None:
    waiting = Waiting()
    first, second = Forward("z9hG4bK1", ONE, b"", b""), Send(ONE, b"")
    waiting.add(first)
    waiting.add(second)
    assert waiting.count(ONE) == 2
    assert waiting.take(ONE) == [first, second]
    assert waiting.take(ONE) == [] and waiting.count(ONE) == 0


def test_the_first_command_of_a_hop_asks_for_a_connection_once() -> None:
    waiting = Waiting()
    assert waiting.add(Forward("z9hG4bK1", ONE, b"", b""))
    assert waiting.abandon("z9hG4bK1") and not waiting.add(Send(ONE, b""))
    waiting.take(ONE)
    assert waiting.add(Send(ONE, b""))


def test_a_hop_is_another_one_when_its_name_is() -> None:
    waiting = Waiting()
    waiting.add(Send(ONE, b""))
    assert waiting.count(TWO) == 0 and waiting.take(TWO) == []


def test_abandoned_requests_wait_no_more() -> None:
    waiting = Waiting()
    kept, gone, sent = Forward("z9hG4bK1", ONE, b"", b""), Forward("z9hG4bK2", ONE, b"", b""), Send(ONE, b"")
    for command in (kept, gone, sent):
        waiting.add(command)
    assert waiting.abandon("z9hG4bK2") and not waiting.abandon("z9hG4bK2")
    assert waiting.take(ONE) == [kept, sent]
