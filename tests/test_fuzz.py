"""The fuzz itself: its mutations, its oracle, and what it has found once. The live run is in tests/e2e."""

from __future__ import annotations

from random import Random

import pytest
from support.paths import DATA, messages_in
from support.stream import request

from tools.fuzz.core import Core
from tools.fuzz.coverage import seeds
from tools.fuzz.mutations import MUTATIONS, Mutation
from tools.fuzz.oracle import fault_of
from tools.fuzz.samples import FOUND
from tools.fuzz.targets import TARGETS

EDGE = b"127.0.0.9"
OWN = b"Via: SIP/2.0/TCP 127.0.0.9:5060;branch=z9hG4bKe1\r\n"
SAMPLES = [path.read_bytes() for path in messages_in(DATA)]


def received(uri: str = "sip:bob@far.example", extra: bytes = b"") -> bytes:
    sent = request("MESSAGE", uri, "127.0.0.1", 7, b"hello", "TCP")
    return sent.replace(b"\r\nContent-Type", b"\r\n" + extra + b"X-Fuzz: 7\r\nContent-Type", 1)


def forwarded(message: bytes) -> bytes:
    """With the edits that no request goes without."""
    return message.replace(b"Via:", OWN + b"Via:", 1).replace(b"Max-Forwards: 70", b"Max-Forwards: 15")


def fault(arrived: bytes, sent: bytes) -> str:
    return fault_of(arrived, [b"other bytes", b"before it" + sent + b"after it"], EDGE)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_every_mutation_takes_every_sample_and_the_same_seed_gives_the_same(mutation: Mutation) -> None:
    def run() -> list[bytes]:
        chance = Random(5)
        return [mutation(chance, sample, SAMPLES) for sample in [*SAMPLES, b"", b"\r\n"]]

    made = run()
    assert made == run()
    assert made[:-2] != SAMPLES


def test_the_mandated_edits_are_no_fault() -> None:
    sent = received(extra=b"Route: <sip:127.0.0.9;lr>\r\nP-Asserted-Identity: <sip:boss@near.example>\r\n")
    arrived = forwarded(received()).replace(b"z9hG4bK-stream-7", b"z9hG4bK-stream-7;received=127.0.0.1")
    assert fault(arrived, sent) == ""


def test_what_no_rule_allows_is_a_fault() -> None:
    sent = received("sip:bob@third.example")
    assert fault(forwarded(sent), sent) == "no rule allows its Request-URI or Route"


def test_a_request_that_nobody_sent_is_a_fault() -> None:
    sent = received().replace(b"X-Fuzz: 7", b"X-Fuzz: 8")
    assert fault(forwarded(received()), sent) == "no part of what was sent begins like it"


def test_a_line_that_was_added_or_lost_or_changed_is_a_fault() -> None:
    sent = received(extra=b"Subject: one\r\n")
    changed = forwarded(sent.replace(b"one", b"two"))
    assert fault(changed, sent) == "the line b'Subject: two' stands where b'Subject: one' was received"
    assert fault(forwarded(received()), sent) == "the line b'X-Fuzz: 7' stands where b'Subject: one' was received"
    added = forwarded(received(extra=b"Subject: one\r\nX: y\r\n"))
    assert fault(added, sent) == "the line b'X: y' stands where b'X-Fuzz: 7' was received"
    other = forwarded(received("sip:eve@far.example", b"Subject: one\r\n"))
    assert fault(other, sent) == "the start line b'MESSAGE sip:eve@far.example SIP/2.0' is another one"


def test_an_ack_from_hop_to_hop_is_the_edges_own() -> None:
    own = b"ACK sip:bob@far.example SIP/2.0\r\n" + OWN + b"Call-ID: 1\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n"
    assert fault(own, received()) == ""
    assert fault(own.replace(b"\r\nCall-ID", b", SIP/2.0/TCP a\r\nCall-ID"), received()) != ""


def test_another_body_is_a_fault() -> None:
    assert fault(forwarded(received())[:-5] + b"jello", received()) == "its body is another one"


@pytest.mark.parametrize(
    ("line", "instead", "sentence"),
    [
        (OWN, b"", "its topmost Via is not the edge's"),
        (b"Max-Forwards: 15", b"Max-Forwards: 69", "its Max-Forwards is b'69', not at most 15"),
        (b"X-Fuzz: 7", b"X-Fuzz: 7\r\nP-Asserted-Identity: <sip:a@b>", "it has the p-asserted-identity that a str"),
    ],
)
def test_an_edit_that_no_request_goes_without_is_missed(line: bytes, instead: bytes, sentence: str) -> None:
    assert fault(forwarded(received()).replace(line, instead), received()).startswith(sentence)


def test_max_forwards_that_stays_is_a_fault() -> None:
    sent = received().replace(b"Max-Forwards: 70", b"Max-Forwards: 9")
    assert "the line b'Max-Forwards: 9' stands where" in fault(forwarded(sent), sent)


def inputs(target: str) -> list[bytes]:
    """What its search begins with, and what was found once."""
    return seeds(target)[::5] + [path.read_bytes() for path in sorted((FOUND / target).glob("*"))]


@pytest.mark.parametrize("target", sorted({*TARGETS} - {"core"}))
def test_every_target_stands_what_its_search_begins_with_and_what_was_found_once(target: str) -> None:
    for tried in inputs(target):
        TARGETS[target](tried)


def test_the_core_stands_it_too_and_forwards_what_it_should() -> None:
    core = Core()
    try:
        for tried in inputs("core"):
            core.take(tried)
        before = core.forwarded
        core.take(received() + received("sip:bob@third.example").replace(b"stream-7", b"stream-8"))
        assert (before > 10, core.forwarded) == (True, before + 1)
    finally:
        core.close()
