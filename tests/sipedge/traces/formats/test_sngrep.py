from __future__ import annotations

from support.captures import sip
from support.trace_reading import ends, read

from sipedge.traces.formats import sngrep

FIRST = b"2024/05/06 07:08:10.250000 10.0.0.1:5060 -> 10.0.0.2:5061\n"
SECOND = b"2024/05/06 07:08:11.000000 [2001:db8::1]:5060 -> [2001:db8::2]:5061\n"


def test_messages_as_they_were() -> None:
    log = FIRST + sip(1, b"v=0\r\n") + b"\n\n" + SECOND + sip(2) + b"\n\n"
    records, skipped = read(sngrep, log)
    assert [(record.data, record.exact) for record in records] == [(sip(1, b"v=0\r\n"), True), (sip(2), True)]
    assert ends(records) == ["10.0.0.1:5060 > 10.0.0.2:5061", "[2001:db8::1]:5060 > [2001:db8::2]:5061"]
    assert [record.time for record in records] == [1714979290.25, 1714979291.0]
    assert [record.transport for record in records] == ["tcp", "tcp"]
    assert skipped == []


def test_lost_carriage_returns() -> None:
    records, _ = read(sngrep, (FIRST + sip(1, b"v=0\r\n") + b"\n\n" + SECOND + sip(2)).replace(b"\r\n", b"\n"))
    assert [(record.data, record.exact) for record in records] == [(sip(1, b"v=0\r\n"), False), (sip(2), False)]


def test_an_entry_without_a_message_is_told() -> None:
    records, skipped = read(sngrep, FIRST + b"RTP\n\n" + SECOND + sip(2))
    assert [record.data for record in records] == [sip(2)]
    assert [item.position for item in skipped] == [0]
