"""Sound messages made unsound: each mutation is a small function of a source of chance and a message. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

Mutation = Callable[[Random, bytes, Sequence[bytes]], bytes]
"""(chance, message, all samples) -> another message."""

NUMBERS = (
    b"0", b"1", b"-1", b"255", b"256", b"65535", b"65536", b"2147483647", b"2147483648", b"4294967295", b"4294967296",
    b"18446744073709551616", b"0" * 30, b"9" * 40, b"1e9", b"0x10",
)  # fmt: skip
BYTES = (
    b"\0",
    b"\xff",
    b'"',
    b"<",
    b">",
    b"%",
    b"\r",
    b"\n",
    b"\r\n",
    b"\r\n ",
    b";",
    b",",
    b":",
    b"@",
    b"\\",
    b"\xc3",
)
GRAFTS = (
    b"Via: SIP/2.0/TCP 127.0.0.9:5060;branch=z9hG4bKgraft;rport",
    b"Via: SIP/2.0/TLS [2001:db8::9%25;x=]:99999;branch=",
    b"v: SIP / 2.0 / TCP first.example: 4000;ttl=16;maddr=224.2.0.1 ;branch=z9hG4bKa7c6a8dlze.1 , SIP/2.0/UDP b",
    b"Route: <sip:bob@far.example;lr>",
    b"Route: <sip:third.example>, <sip:bob@far.example;lr>",
    b"Route: <sip:%s;lr>",
    b"Route: <sip:e-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA@%s;lr>, <sip:v@third.example>",
    b"Record-Route: <sip:e-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA@%s;lr>",
    b"Contact: <sip:x@[::1]:0;transport=tls;maddr=127.0.0.1>;expires=99999999999",
    b"Contact: *",
    b"Max-Forwards: 0", b"Max-Forwards: 300", b"Max-Breadth: 0", b"Max-Breadth: 1",
    b"Proxy-Require: foo, privacy", b"Require: 100rel", b"P-Asserted-Identity: <sip:boss@near.example>",
    b"ms-edge-proxy-message-trust: ms-source-type=AuthorizedServer;verified",
    b"To: <sip:bob@far.example>;tag=1", b"f: sip:a@b;tag=;tag=2", b"CSeq: 1 ACK", b"Content-Length: 0", b"l:0",
    b"Content-Length: 1\r\n 0", b"Transfer-Encoding: chunked", b"Call-ID:", b" : x", b"X" * 300 + b": y",
)  # fmt: skip
"""``%s``: the edge's own address."""
_NUMBER = re.compile(rb"\d+")
_MOST = 20_000
"""Bytes of a mutated message: longer ones cost time and say nothing new."""


def flip_bits(chance: Random, message: bytes, samples: Sequence[bytes]) -> bytes:
    data = bytearray(message)
    for _ in range(chance.randint(1, 8)):
        if data:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def splice(chance: Random, message: bytes, samples: Sequence[bytes]) -> bytes:
    other = chance.choice(samples)
    return message[: chance.randint(0, len(message))] + other[chance.randint(0, len(other)) :]


def join(chance: Random, message: bytes, samples: Sequence[bytes]) -> bytes:
    """Two in a row: whether the second is a message or a body is for the first one's Content-Length to say."""
    return message + chance.choice(samples)


def double_line(chance: Random, message: bytes, samples: Sequence[bytes]) -> bytes:
    lines = message.split(b"\r\n")
    lines.insert(chance.randrange(len(lines)), chance.choice(lines))
    return b"\r\n".join(lines)


def remove_line(chance: Random, message: bytes, samples: Sequence[bytes]) -> bytes:
    lines = message.split(b"\r\n")
    del lines[chance.randrange(len(lines))]
    return b"\r\n".join(lines)


def reorder_lines(chance: Random, message: bytes, samples: Sequence[bytes]) -> bytes:
    head, end, body = message.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    chance.shuffle(lines)
    return b"\r\n".join([first, *lines]) + end + body


def change_length(chance: Random, message: bytes, samples: Sequence[bytes]) -> bytes:
    """Content-Length that says too little, too much or nonsense."""
    body = message.partition(b"\r\n\r\n")[2]
    stated = chance.choice([b"%d" % max(0, len(body) + chance.randint(-20, 20)), chance.choice(NUMBERS)])
    return re.sub(rb"(?i)(\r\n(?:content-length|l)[ \t]*:)[^\r\n]*", rb"\1 " + stated, message)


def fold(chance: Random, message: bytes, samples: Sequence[bytes]) -> bytes:
    at = chance.randint(0, message.find(b"\r\n\r\n") % (len(message) + 1))
    return message[:at] + chance.choice([b"\r\n ", b"\r\n\t", b"\r\n  \r\n ", b" \r\n"]) + message[at:]


def put_number(chance: Random, message: bytes, samples: Sequence[bytes]) -> bytes:
    places = [*_NUMBER.finditer(message)]
    if not places:
        return message
    place = chance.choice(places)
    return message[: place.start()] + chance.choice(NUMBERS) + message[place.end() :]


def put_byte(chance: Random, message: bytes, samples: Sequence[bytes]) -> bytes:
    at = chance.randint(0, len(message))
    return message[:at] + chance.choice(BYTES) + message[at + chance.randint(0, 1) :]


def repeat(chance: Random, message: bytes, samples: Sequence[bytes]) -> bytes:
    start = chance.randint(0, len(message))
    piece = message[start : start + chance.randint(1, 60)]
    return message[:start] + piece * chance.randint(2, 40) + message[start:]


def graft(chance: Random, message: bytes, samples: Sequence[bytes]) -> bytes:
    """A header line of another message, or one that was thought out, among those of this one."""
    lines = message.split(b"\r\n")
    thought_out = chance.random() < 0.7
    line = chance.choice(GRAFTS if thought_out else chance.choice(samples).split(b"\r\n"))
    lines.insert(chance.randint(1, max(1, min(len(lines), 12))), line)
    return b"\r\n".join(lines)


MUTATIONS: tuple[Mutation, ...] = (
    flip_bits, splice, join, double_line, remove_line, reorder_lines, change_length, fold, put_number, put_byte,
    repeat, graft, graft,
)  # fmt: skip


def mutated(chance: Random, samples: Sequence[bytes]) -> bytes:
    """One of the samples after up to four mutations; one of eight stays sound."""
    message = chance.choice(samples)
    for _ in range(chance.choice((0, 1, 1, 1, 1, 2, 3, 4))):
        message = chance.choice(MUTATIONS)(chance, message, samples)
    return message[:_MOST]
