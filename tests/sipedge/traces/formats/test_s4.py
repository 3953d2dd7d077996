from __future__ import annotations

from support.captures import sip
from support.trace_reading import ends, read

from sipedge.traces.formats import snooper
from sipedge.traces.records.record import Direction

HEADER = (
    "TL_INFO(TF_PROTOCOL) [1]24E8.158C::12/21/2010-15:30:10.465.0022e513 "
    "(S4,SipMessage.DataLoggingHelper:sipmessage.cs(592))[3347992713]\r\n"
)
FOOTER = "------------EndOfOutgoing SipMessage\r\n\r\n"


def record(sent: bool, message: bytes, footer: str = FOOTER) -> bytes:
    arrow, way, sign = (">", "Outgoing", "->") if sent else ("<", "Incoming", "<-")
    place = f"{arrow * 12}{way} SipMessage c=[<SipTlsConnection_43>], 10.0.0.1:51388{sign}10.0.0.2:5061\r\n"
    return (HEADER + place).encode() + message + b"\r\n" + footer.encode()


def test_time_direction_and_addresses_of_both_ways() -> None:
    wanted = [sip(1, b"one line"), sip(2)]
    records, skipped = read(snooper, record(True, wanted[0]) + record(False, wanted[1]))
    assert [item.data for item in records] == wanted
    assert ends(records) == ["10.0.0.1:51388 > 10.0.0.2:5061", "10.0.0.2:5061 > 10.0.0.1:51388"]
    assert [item.direction for item in records] == [Direction.SENT, Direction.RECEIVED]
    assert [item.time for item in records] == [1292945410.465] * 2
    assert skipped == []


def test_records_without_a_footer_and_a_long_one() -> None:
    wanted = [sip(1, b"a"), sip(2, b"x" * 600_000), sip(3, b"b"), sip(4)]
    log = b"".join(record(True, message, "") for message in wanted)
    records, skipped = read(snooper, log)
    assert [item.data for item in records] == wanted and skipped == []


def test_records_of_both_dialects_in_one_file() -> None:
    other = HEADER.rstrip() + "$$begin_record\nDirection: incoming\nPeer: 10.0.0.3:5061\nStart-Line: "
    other += sip(2).decode().replace("\r\n\r\n", "\r\nMessage-Body: -\n") + "$$end_record\n"
    records, skipped = read(snooper, record(True, sip(1)) + other.encode() + record(False, sip(3)))
    assert [item.data for item in records] == [sip(1), sip(2), sip(3)] and skipped == []


def test_a_record_without_a_message_is_told() -> None:
    records, skipped = read(snooper, record(True, b"") + record(True, sip(1)))
    assert [item.data for item in records] == [sip(1)]
    assert [item.reason for item in skipped] == ["an S4 record without a message"]
