from __future__ import annotations

from io import BytesIO

import pytest
from support.tapped import HEAD, decided, passed, searched

import sipedge.tap.expressway
from sipedge.tap.expressway import ExpresswayFile
from sipedge.tap.items import Item
from sipedge.tap.rotating_file import RotatingFile
from sipedge.traces.formats import expressway
from sipedge.traces.records.record import Direction, Record

RULES = """\
search rule "local" {
    priority 10
    mode alias pattern match
    pattern type suffix
    pattern "@near.example"
    behavior leave
    target zone "IMP"
}
search rule "from elsewhere" {
    priority 20
    source zone "Outside"
    mode any alias
    target zone "IMP"
}
search rule "out" {
    priority 30
    mode any alias
    target zone "Microsoft"
    on successful match stop
}
search rule "never" {
    priority 40
    mode any alias
    target zone "IMP"
}
"""
PREFIX = (
    '2026-05-28T20:26:40.250+00:00 edge.example.com tvcs: UTCTime="2026-05-28 20:26:40,250" Module="{}" Level="DEBUG": '
)


def _rendered(item: Item) -> str:
    text = ExpresswayFile(RotatingFile("diagnostics", 1, 1), "edge.example.com", True).render(item)
    return (text or b"").decode()


def _read(*items: Item) -> list[Record]:
    log = "".join(_rendered(item) for item in items).encode()
    assert expressway.detect(log) > 0
    return [item for item in expressway.read(BytesIO(log), "log") if isinstance(item, Record)]


def test_a_message_stands_as_on_the_box() -> None:
    header, mark, first, *rest = _rendered(passed(sent=True)).split("\n")
    start = PREFIX.format("network.sip") + ' Action="Sent" Local-ip="192.0.2.1" Local-port="5061" '
    assert header.startswith(start + 'Dst-ip="192.0.2.2" Dst-port="40112" Msg-Hash="')
    assert (mark, first) == (" SIPMSG:", " |MESSAGE sip:bob@far.example SIP/2.0")
    assert rest == [" Call-ID: 1@a", " Content-Length: 5", " ", " hello", " |", ""]


def test_the_reader_of_the_box_reads_it() -> None:
    received, sent = _read(passed(), passed(sent=True))
    assert received.data == HEAD + b"hello"
    assert (received.direction, sent.direction) == (Direction.RECEIVED, Direction.SENT)
    assert (str(received.source), str(sent.source)) == ("192.0.2.2:40112", "192.0.2.1:5061")
    assert received.time == 1_780_000_000.25


def test_no_peer_can_write_a_line_of_the_log() -> None:
    body = b"x\n|\nfaked\x1b[31m\x00\r\xff\n"
    lines = _rendered(passed(body=body)).split("\n")[1:-1]
    assert all(line.startswith(" ") for line in lines)
    assert "\x1b" not in "".join(lines) and "\\xff" in "".join(lines)


def test_search_rules_are_told_in_the_words_of_the_box() -> None:
    found = searched("bob@far.example", RULES)
    sentences = [line.partition('Detail="')[2] for line in _rendered(decided(found)).splitlines()]
    assert sentences == [
        "Search rule 'local' did not match destination alias 'bob@far.example'\"",
        "Search rule 'from elsewhere' ignored due to source filtering\"",
        "Considering search rule 'out' towards target 'Microsoft' at priority '30' with alias 'bob@far.example'\"",
    ]


def test_of_a_long_plan_only_the_rules_that_apply_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sipedge.tap.expressway, "MOST_RULES", 3)
    text = _rendered(decided(searched("bob@far.example", RULES)))
    assert "Considering search rule 'out' towards target 'Microsoft' at priority '30'" in text
    assert text.count("\n") == 1


def test_an_alias_cannot_end_its_line() -> None:
    text = _rendered(decided(searched('a"\n\udcffb', RULES)))
    assert "alias 'a???b'" in text
    assert text.count("\n") == 3


def test_a_request_without_a_search_says_nothing() -> None:
    assert _rendered(decided()) == ""
