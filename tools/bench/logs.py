"""Logs made up for measuring: messages of captures.py as an Expressway and a Skype for Business Edge log them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from .captures import START, message

FLOWS = 200


def expressway(number: int, text: str) -> str:
    """A DEBUG line with the message, its INFO twin, and two lines of other modules, as a box writes them."""
    moment = datetime.fromtimestamp(START + number / 2000, UTC)
    day, clock = f"{moment:%Y-%m-%d}", f"{moment:%H:%M:%S},{moment.microsecond // 1000:03d}"
    prefix = f'{day}T{clock.replace(",", ".")}+00:00 edge1 tvcs: UTCTime="{day} {clock}"'
    ends = f'Local-ip="192.0.2.1" Local-port="5061" Src-ip="10.0.{number % FLOWS}.7" Src-port="25{number % 1000:03}"'
    sip = "\n".join(f" {line}" for line in text.split("\r\n"))
    return (
        f'{prefix} Module="network.sip" Level="INFO":  Action="Received" {ends} Detail="Receive Request '
        f'Method=MESSAGE, CSeq={number}, Request-URI=sip:x@example.org, Call-ID={number}, Msg-Hash={number}"\n'
        f'{prefix} Module="network.sip" Level="DEBUG":  Action="Received" {ends} Msg-Hash="{number}"\n'
        f" SIPMSG:\n |{sip[1:]}\n|\n"
        f'{prefix} Module="network.search" Level="DEBUG": Detail="Search rule \'in\' did not match destination alias '
        f"'user{number}@example.org'\"\n"
        f'{prefix} Module="network.tcp" Level="DEBUG":  Src-ip="192.0.2.1" Src-port="25001" Detail="TCP Connecting"\n'
    )


def snooper(number: int, text: str) -> str:
    moment = datetime.fromtimestamp(START + number / 2000, UTC)
    head, _, body = text.partition("\r\n\r\n")
    start, _, headers = head.partition("\r\n")
    kind = "response" if start.startswith("SIP/2.0") else "request"
    stamp = f"{moment:%m/%d/%Y-%H:%M:%S}.{moment.microsecond // 1000:03d}.{number:08X}"
    return (
        f"TL_INFO(TF_PROTOCOL) [edge\\fe01]0B60.0D6C::{stamp} (SIPStack,SIPAdminLog::ProtocolRecord::Flush:"
        f"ProtocolRecord.cpp(196)) [{number}] $$begin_record\r\nTrace-Correlation-Id: {number}\r\n"
        f'Instance-Id: {number:X}\r\nDirection: incoming;source="internal edge";destination="external edge"\r\n'
        f"Peer: 10.0.{number % FLOWS}.7:25{number % 1000:03}\r\nMessage-Type: {kind}\r\nStart-Line: {start}\r\n"
        f"{headers}\r\nMessage-Body: {body or '-'}\r\n$$end_record\r\n\r\n"
    )


def write(path: Path, count: int, layout: Callable[[int, str], str]) -> None:
    """``count`` messages."""
    with open(path, "w", encoding="utf-8", newline="") as stream:
        for number in range(count):
            flow = number % FLOWS
            stream.write(layout(number, message(number // FLOWS, flow).decode()))
