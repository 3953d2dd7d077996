from __future__ import annotations

import pytest
from support.captures import sip
from support.trace_reading import ends, read, start_lines

from sipedge.traces.formats import prefixed
from sipedge.traces.records.record import Direction

FIRST, SECOND = sip(1, b"<a>\r\n  <b/>\r\n</a>"), sip(2)


def log(front: str, *messages: bytes) -> bytes:
    """Each line with ``front`` before it, numbered where that has a place for it."""
    lines = [line for message in messages for line in (*message.decode().split("\r\n"), "")]
    return "".join(f"{front.format(number)}{line}\n" for number, line in enumerate(lines, 1)).encode()


@pytest.mark.parametrize(
    "front",
    [
        "    ",
        "\t",
        "> ",
        ">> ",
        "{:4}  ",
        "{}: ",
        "2024-05-06 07:08:10.25{:03} 17083-17083/org.example I/App: ",
        "May  6 07:08:{:02} edge sip[123]: ",
    ],
)
def test_what_stands_before_every_line_is_taken_off(front: str) -> None:
    records, skipped = read(prefixed, log(front, FIRST, SECOND))
    assert ([record.data for record in records], skipped) == ([FIRST, SECOND], [])


def test_the_time_in_front_and_the_position_of_the_line() -> None:
    front = "2024-05-06 07:08:10.250 I/App: "
    records, _ = read(prefixed, b"a line of the log\n" + log(front, FIRST))
    assert [(record.time, record.position) for record in records] == [(1714979290.25, 18)]


def test_empty_lines_may_have_lost_their_blanks() -> None:
    text = b"\n".join(line.rstrip() for line in log("    ", FIRST, SECOND).split(b"\n"))
    records, _ = read(prefixed, text)
    assert [record.data for record in records] == [FIRST, SECOND]


def test_the_start_line_may_have_more_in_front_than_the_others() -> None:
    head, _, rest = log(" " * 20, SECOND).partition(b"\n")
    text = b"May 06 07:08:10 edge kamailio[12]: new: " + head.strip() + b"\n" + rest
    records, _ = read(prefixed, text + b"May 06 07:08:11 edge kamailio[12]: done\n")
    assert [record.data for record in records] == [SECOND]


def test_a_meeting_server_says_where_messages_came_from() -> None:
    front = "Nov  6 09:51:50 user.info cms1 host:server:  INFO : SIP trace: "
    said = "connection 12: {} SIP TLS data {} 192.0.2.10:45169 {} 192.0.2.20:5061, size 1:\n"
    text = (front + said.format("incoming", "from", "to")).encode() + log(front, FIRST)
    text += (front + said.format("outgoing", "to", "from")).encode() + log(front, SECOND)
    records, _ = read(prefixed, text)
    assert [record.data for record in records] == [FIRST, SECOND]
    assert ends(records) == ["192.0.2.10:45169 > 192.0.2.20:5061", "192.0.2.20:5061 > 192.0.2.10:45169"]
    assert [record.direction for record in records] == [Direction.RECEIVED, Direction.SENT]
    assert [record.transport for record in records] == ["tls", "tls"]


def test_sofia_says_the_peer_and_the_time_of_day() -> None:
    text = b"recv 374 bytes from tls/[192.0.2.10]:5061 at 17:28:37.346920:\n   -----\n" + log("   ", FIRST)
    text += b"send 233 bytes to tls/[192.0.2.10]:5061 at 17:28:38.346920:\n   -----\n" + log("   ", SECOND)
    records, _ = read(prefixed, text)
    assert ends(records) == ["192.0.2.10:5061 > None", "None > 192.0.2.10:5061"]
    assert [record.time for record in records] == [62917.34692, 62918.34692]


def test_a_quoted_start_line_alone_is_no_message() -> None:
    text = b"the answer was SIP/2.0 404 Not Found\nand then?\n> who knows\n" + log("> ", SECOND)
    records, skipped = read(prefixed, text)
    assert (start_lines(records), skipped) == (["MESSAGE sip:romeo@example.org SIP/2.0"], [])


def test_a_message_that_is_too_long_is_told() -> None:
    text = log("> ", SECOND)
    records, skipped = read(prefixed, text + log("> ", sip(1)) + b"> x\n" * 400_000)
    assert len(records) == 1 and "is longer than" in skipped[0].reason
