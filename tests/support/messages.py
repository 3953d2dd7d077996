"""SIP messages for tests, built line by line so that a test sees every byte that it gets."""

from __future__ import annotations

from sipedge.sip.message import Message, parse_message

CALLER_VIA = "SIP/2.0/TLS 192.0.2.10:5061;branch=z9hG4bKcaller"
SDP_IM = b"v=0\r\no=- 0 0 IN IP4 192.0.2.10\r\ns=session\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\nm=message 5060 sip null\r\n"


def request(
    method: str = "MESSAGE",
    uri: str = "sip:bob@outside.example",
    *,
    via: str | tuple[str, ...] = CALLER_VIA,
    from_: str = "<sip:alice@inside.example>;tag=alice-tag",
    to: str = "<sip:bob@outside.example>",
    call_id: str = "call-1",
    cseq: str = "",
    max_forwards: str | None = "70",
    routes: tuple[str, ...] = (),
    extra: tuple[str, ...] = (),
    body: bytes = b"",
) -> Message:
    """A request in the order most products write; ``cseq`` is "1 METHOD" unless it is given."""
    lines = [f"{method} {uri} SIP/2.0"]
    lines += [f"Via: {one}" for one in ((via,) if isinstance(via, str) else via)]
    if max_forwards is not None:
        lines.append(f"Max-Forwards: {max_forwards}")
    lines += [f"Route: {route}" for route in routes]
    lines += [f"From: {from_}", f"To: {to}", f"Call-ID: {call_id}", f"CSeq: {cseq or f'1 {method}'}", *extra]
    lines.append(f"Content-Length: {len(body)}")
    return parse_message("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def invite(**fields: object) -> Message:
    defaults = {"extra": ("Contact: <sip:alice@192.0.2.10:5061;transport=tls>", "Content-Type: application/sdp")}
    return request("INVITE", **{**defaults, "body": SDP_IM, **fields})  # type: ignore[arg-type]


def subscribe(**fields: object) -> Message:
    extra = ("Event: presence", "Contact: <sip:alice@192.0.2.10:5061;transport=tls>", "Expires: 3600")
    return request("SUBSCRIBE", **{"extra": extra, **fields})  # type: ignore[arg-type]


def notify(method: str = "NOTIFY", **fields: object) -> Message:
    extra = ("Event: presence", "Subscription-State: active")
    to = "<sip:bob@outside.example>;tag=bob-tag"
    return request(method, **{"extra": extra, "to": to, **fields})  # type: ignore[arg-type]


def answer_to(
    sent: Message,
    status: int,
    *,
    tag: str = "bob-tag",
    contact: str = "",
    extra: tuple[str, ...] = (),
    body: bytes = b"",
) -> Message:
    """What a user agent answers to a request that the edge forwarded: Via, Record-Route and dialog are copied."""
    lines = [f"SIP/2.0 {status} Whatever".encode()]
    for name in ("via", "record-route", "from", "to", "call-id", "cseq"):
        for number in sent.index.get(name, ()):
            line = sent.lines[number]
            lines.append(line + f";tag={tag}".encode() if name == "to" and status > 100 and not sent.to_tag else line)
    if contact:
        lines.append(f"Contact: {contact}".encode())
    lines += [line.encode("utf-8", "surrogateescape") for line in extra] + [b"Content-Length: %d" % len(body)]
    return parse_message(b"\r\n".join(lines) + b"\r\n\r\n" + body)


def with_lines(message: Message, *changes: tuple[bytes, bytes]) -> Message:
    """The message with texts of its header section replaced; each must be there."""
    head = message.head
    for old, new in changes:
        assert old in head, old
        head = head.replace(old, new, 1)
    return Message(head, message.body)
