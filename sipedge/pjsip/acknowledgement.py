"""The ACK to a final response other than 2xx, which the client transaction of an INVITE sends by itself."""

from __future__ import annotations

from sipedge.sip.message import Message
from sipedge.sip.values import item_spans


def acknowledge(invite: bytes, response: Message) -> bytes:
    """RFC 3261 17.1.1.3, from the head of the INVITE as it was sent and the response to it.

    Request-URI, Call-ID, From and Route are the INVITE's lines as they stand, To is the response's (it has the tag).
    """
    sent = Message(invite)
    number = sent.first("cseq") or ""
    lines = [b"ACK %b SIP/2.0" % sent.lines[0].split(b" ")[1], _top_via(sent), b"Max-Forwards: 70"]
    lines += [sent.lines[at] for at in sent.index.get("route", ())]
    lines += [sent.lines[sent.index["from"][0]], response.lines[response.index["to"][0]]]
    lines += [sent.lines[sent.index["call-id"][0]], b"CSeq: %b ACK" % number.split()[0].encode("ascii")]
    lines.append(b"Content-Length: 0")
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _top_via(message: Message) -> bytes:
    line = message.lines[message.index["via"][0]]
    name, _, value = line.partition(b":")
    _, end = next(item_spans(value.decode("latin-1")))
    return name + b":" + value[:end]
