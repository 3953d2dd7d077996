"""The fast way of parsing records without a flaw gives the same messages as the patient one."""

from __future__ import annotations

from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.captures import sip
from support.examples import examples

from sipedge.traces.formats import expressway, snooper
from sipedge.traces.records.text import Block

START_LINES = ["MESSAGE sip:a@b.example SIP/2.0", "SIP/2.0 200 OK", "SIP/2.0 603 ", "INVITE sip:a@b", "SIP/2.0 200"]
HEADERS = [
    "Via: SIP/2.0/TLS 10.0.0.1:5061;branch=z9hG4bK1",
    "v: SIP/2.0/udp 10.0.0.1",
    "Call-ID: 1@test",
    "i: 1@test",
    'From: "a: b" <sip:a@b.example>;tag=1',
    "To : <sip:c@d.example>",
    "CSeq: 1 MESSAGE Via: SIP/2.0/TCP 10.0.0.2",
    "Content-Length: 0",
    "Content-Length: 5",
    "Content-Length: 6",
    "Subject:",
    "Subject: trailing ",
    "Subject: a\rb",
    "\tfolded",
    "no colon",
    "P-Odd~Name: x",
    "X-Long: " + "y" * 300,
    "Subject: SIPMSG:",
    "Subject: Message-Body: x",
    "Message-Body: x",
    "Start-Line: x",
    "Subject: Start-Line:",
    "Subject: $$begin_record",
    "Subject: $$end_record",
    'Subject: 2024-05-06T09:08:10.240+02:00 vcse tvcs:  UTCTime="2024-05-06',
    "Subject: vertical tab\v",
    "Content-Length: 7  joined",
]
BODIES = [
    "", "-", "\N{EN DASH}", " ", "|", "hello", "hello ", "x\n|\n: |", "a\nb", "a\n\n b\n", "\n", "v=0\no=-\n |", "a\rb",
    "\r", "hello\nMessage-Body: world", "Start-Line: INVITE sip:a@b SIP/2.0\nMessage-Body: -",
    "$$begin_record", "$$end_record", "UTCTime=", "SIPMSG:",
]  # fmt: skip

SNOOPER = (
    "TL_INFO(TF_PROTOCOL) [pool\\fe01]1A2C.2F40::05/06/2024-07:08:10.500.0000A1B2 (SIPStack,x:y.cpp(265)) [1] "
    "$$begin_record\nTrace-Correlation-Id: 1\nInstance-Id: C2\nDirection: {way};source=\"x\"\nPeer: {peer}\n"
    "Message-Type: request\nStart-Line: {message}\nMessage-Body: {body}\n$$end_record"
)  # fmt: skip
STAMP = (
    '2024-05-06T09:08:10.240+02:00 vcse tvcs: UTCTime="2024-05-06 07:08:10,240" Module="network.sip" Level="DEBUG": '
)
EXPRESSWAY = STAMP + (
    ' Action="{way}" Local-ip="10.0.0.1" Local-port="5061" {side}-ip="{peer}" {side}-port="25002" Msg-Hash="137"\n'
    " SIPMSG:\n |{message}\n{body}|\n"
)


@st.composite
def messages(draw: st.DrawFn) -> tuple[list[str], str]:
    lines = [draw(st.sampled_from(START_LINES)), *draw(st.lists(st.sampled_from(HEADERS), max_size=6))]
    if draw(st.booleans()):
        lines.insert(1, "Call-ID: 1@test")
    return lines, draw(st.sampled_from(BODIES))


def snooper_record(lines: list[str], body: str, sent: bool, peer: str) -> str:
    text = "\n".join(lines)
    return SNOOPER.format(way="outgoing" if sent else "incoming", peer=peer, message=text, body=body or "-")


def expressway_record(lines: list[str], body: str, sent: bool, peer: str) -> str:
    way, side = ("Sent", "Dst") if sent else ("Received", "Src")
    text, rest = "\n ".join(lines), "".join(f" {line}\n" for line in ["", *body.split("\n")]) if body else ""
    return EXPRESSWAY.format(way=way, side=side, peer=peer, message=text, body=rest)


WRITERS = {snooper: (snooper_record, ""), expressway: (expressway_record, STAMP)}


def both_ways(reader: ModuleType, text: bytes) -> tuple[object, object] | None:
    """What each way makes of the first record; None where the fast one leaves it to the other."""
    place = reader._find(text, 0)
    parsed = None if place is None else reader._fast_parse(text, place[0], "f", place[0])
    if place is None or parsed is None:
        return None
    record, end = parsed
    assert end == reader._end(text, place[1])
    patient = list(reader._parse(Block("f", place[0], text[place[0] : end])))
    return [record], patient


@pytest.mark.parametrize("reader", [snooper, expressway])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@examples(100)
@given(messages(), st.booleans(), st.sampled_from(["10.0.0.2:5061", "10.0.0.2", "lync.example:1", ""]))
def test_the_fast_way_agrees(
    reader: ModuleType, line_end: str, message: tuple[list[str], str], sent: bool, peer: str
) -> None:
    write, behind = WRITERS[reader]
    text = (write(*message, sent, peer) + behind).replace("\n", line_end).encode()
    found = both_ways(reader, text)
    assert found is None or found[0] == found[1]


@pytest.mark.parametrize("reader", [snooper, expressway])
@examples(100)
@given(
    st.data(), st.integers(0, 1000), st.sampled_from([b"", b"\n", b"\r", b" ", b":", b'"', b" : ", b"|", b"x", b"\t"])
)
def test_the_fast_way_agrees_about_broken_records(
    reader: ModuleType, data: st.DataObject, place: int, put: bytes
) -> None:
    write, behind = WRITERS[reader]
    lines = sip(7, b"").decode().removesuffix("\r\n\r\n").split("\r\n")
    text = (write(lines, data.draw(st.sampled_from(BODIES)), False, "10.0.0.2:5061") + behind).encode()
    place %= len(text)
    broken = text[:place] + put + text[place + data.draw(st.integers(0, 2)) :]
    found = both_ways(reader, broken)
    assert found is None or found[0] == found[1]


@pytest.mark.parametrize("reader", [snooper, expressway])
@pytest.mark.parametrize("body", [b"", b"hello ", b"a\r\nb", b"v=0\r\ns=-\r\n"])
def test_usual_records_go_the_fast_way(reader: ModuleType, body: bytes) -> None:
    wanted = sip(7, body)
    write, behind = WRITERS[reader]
    lines = wanted.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    text = write(lines, body.decode().replace("\r\n", "\n"), True, "10.0.0.2:5061") + behind
    line_ends = ["\n", "\r\n"] if reader is snooper else ["\n"]
    for line_end in line_ends:
        found = reader._fast_parse(text.replace("\n", line_end).encode(), 0, "f", 0)
        assert found is not None and found[0].data == wanted
