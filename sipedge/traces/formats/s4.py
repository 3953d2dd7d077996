"""Snooper's S4 dialect, which Mediation Servers and UCMA applications write: a TF_PROTOCOL line, a line with direction
and addresses, the message, a line of dashes with ``EndOf...``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sipedge.traces.records.clock import moment
from sipedge.traces.records.places import endpoint
from sipedge.traces.records.rebuild import is_message, rebuilt, transport_of
from sipedge.traces.records.record import Direction, Item, Record, Skipped
from sipedge.traces.records.text import Block

MARK = b" SipMessage c=["
"""Stands in the second line of every record."""
END = re.compile(rb"(?<!-)-{8,}+[ \t]*+EndOf\w+ SipMessage[^\n]*\n?|\n(?=TL_[A-Z]+ ?\(TF_)")
_OPENING = re.compile(
    rb"(?<![<>])(?:>++|<++) ?(?P<way>Outgoing|Incoming) SipMessage c=\[[^\n]{0,256}?\][^\n]{0,256}?, *"
    rb"(?P<local>\S{2,64}?:\d{1,5}) *(?:->|<-) *(?P<peer>\S{2,64}:\d{1,5})[ \t]*\r?\n"
)
_FOOTER = re.compile(rb"(?<!-)-{8,}+[ \t]*+EndOf\w+ SipMessage")


def parse(block: Block) -> Iterator[Item]:
    """One record, from its TF_PROTOCOL line on."""
    match = _OPENING.search(block.text)
    text = block.text[match.end() if match else block.text.find(b"\n", block.text.find(MARK)) + 1 :]
    footer = _FOOTER.search(text)
    data = rebuilt(text[: footer.start()] if footer else text)
    if data is None or not is_message(data):
        yield Skipped(block.file, block.position, "an S4 record without a message")
        return
    here, there = (endpoint(match["local"]), endpoint(match["peer"])) if match else (None, None)
    sent = b"Outgoing SipMessage" in block.text[: len(block.text) - len(text)]
    yield Record(
        moment(block.text[: block.text.find(MARK)]),
        Direction.SENT if sent else Direction.RECEIVED,
        here if sent else there,
        there if sent else here,
        transport_of(data),
        data,
        False,
        block.file,
        block.position,
    )
