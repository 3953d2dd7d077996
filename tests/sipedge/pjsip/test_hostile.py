"""Mutated messages never end the process: pjsip is compiled with assertions, and a violated one calls abort()."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.paths import DATA, ROOT, messages_in
from support.pjsip_texts import request, response
from support.third_party import require_shared

pytestmark = pytest.mark.slow
TESTS = ROOT / "tests"
OWN = [
    request("INVITE", extra=("Route: <sip:a@b;lr>,<sip:c>", "Record-Route: <sip:r;lr>", "Contact: <sip:x@y>;q=0.5")),
    request("ACK"),
    request("CANCEL"),
    request(via="SIP/2.0/TLS [2001:db8::1]:5061;branch=z9hG4bK1;rport;received=1.2.3.4;maddr=x;ttl=3"),
    request(via="SIP/2.0/TLS h,SIP/2.0/TCP g;branch=2", to='"A \\" B" <sips:b@c:5061;transport=tls?x=y>;tag=1'),
    response(100, "INVITE", branch="z9hG4bKINVITE"),
    response(486, "INVITE", branch="z9hG4bKINVITE"),
    response(200, "MESSAGE", branch="z9hG4bKMESSAGE"),
]
PIECES = [
    b"\0", b"\xff", b"\x80", b" ", b"\t", b"\r\n ", b"\r\n", b":", b";", b",", b"<", b">", b'"', b"\\", b"%", b"%0",
    b"%00", b"=", b"@", b"/", b"?", b"[", b"]", b"(", b")", b"-1", b"0", b"4294967296", b"99999999999999999999",
    b";branch=", b"z9hG4bK", b"CSeq: 1 ACK\r\n", b"Via: \r\n", b"To:\r\n", b"INVITE", b"sip:", b"x" * 300,
    b"Content-Type: multipart/mixed;boundary=x\r\n", b"Content-Length: 99999999999\r\n", b"a" * 5000,
]  # fmt: skip


MESSAGES = OWN + [path.read_bytes() for path in messages_in(DATA)]
Change = tuple[float, int, bytes]
CHANGES = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 40), st.one_of(st.sampled_from(PIECES), st.binary(max_size=3))),
    min_size=1,
    max_size=6,
)


@pytest.fixture(scope="module")
def victim(half: str) -> Iterator[subprocess.Popen[bytes]]:
    paths = os.pathsep.join([str(TESTS), str(ROOT), os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        [sys.executable, "-m", "support.pjsip_victim"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": paths},
    )
    with process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == 0


def feed(victim: subprocess.Popen[bytes], data: bytes) -> int:
    """How many good events the message made; fails when the process has gone."""
    assert victim.stdin is not None and victim.stdout is not None
    victim.stdin.write(len(data).to_bytes(4, "big") + data)
    victim.stdin.flush()
    answer = victim.stdout.read(1)
    assert answer, f"pjsip ended the process at {data!r}"
    return answer[0]


def mutate(data: bytes, changes: list[Change]) -> bytes:
    """Replace some bytes by others at places of the head."""
    head = data.find(b"\r\n\r\n")
    for where, removed, piece in changes:
        at = int(where * head)
        data = data[:at] + piece + data[at + removed :]
    return data if b"\r\n\r\n" in data else data + b"\r\n\r\n"


def test_all_messages_as_they_are(victim: subprocess.Popen[bytes]) -> None:
    good = [feed(victim, data) > 0 for data in MESSAGES]
    assert all(good[: len(OWN)])


@pytest.mark.slow
def test_all_published_messages_as_they_are(victim: subprocess.Popen[bytes]) -> None:
    files = messages_in(require_shared("samples"))
    assert sum(feed(victim, path.read_bytes()) > 0 for path in files) > 50


@pytest.mark.slow
@examples(300)
@given(data=st.sampled_from(MESSAGES), changes=CHANGES)
def test_mutated_messages(victim: subprocess.Popen[bytes], data: bytes, changes: list[Change]) -> None:
    feed(victim, mutate(data, changes))


@pytest.mark.parametrize("header", ["Via", "From", "To", "Call-ID", "CSeq", "Max-Forwards", "Route"])
@pytest.mark.parametrize("size", [255, 4000, 60000])
def test_very_long_values(victim: subprocess.Popen[bytes], header: str, size: int) -> None:
    value = {
        "Via": f"SIP/2.0/TLS h;branch=z9hG4bK{'x' * size}",
        "From": f"<sip:{'x' * size}@h>;tag=1",
        "To": f"<sip:h;{'x' * size}>;tag={'y' * 10}",
        "CSeq": f"7 {'X' * size}",
        "Route": ",".join(["<sip:h;lr>"] * (size // 11)),
        "Max-Forwards": "7" * size,
    }.get(header, "x" * size)
    lines = request().decode().split("\r\n")
    kept = [line for line in lines if not line.startswith(header + ":")]
    feed(victim, "\r\n".join([kept[0], f"{header}: {value}", *kept[1:]]).encode())
