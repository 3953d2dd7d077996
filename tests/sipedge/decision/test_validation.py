"""What is refused before a way is looked for (RFC 3261 16.3, RFC 5393)."""

from __future__ import annotations

import pytest
from support.messages import CALLER_VIA, request, with_lines

from sipedge.decision.validation import MAX_VIAS, POISON, Accepted, Refusal, find_loop, loop_hash, validate
from sipedge.sip.message import Message
from sipedge.sip.values import MessageError

SECRET = b"a secret for tests only"
OWN = frozenset({"203.0.113.1", "edge.inside.example"})


def refusal(message: Message) -> Refusal:
    verdict = validate(message)
    assert isinstance(verdict, Refusal)
    return verdict


def test_an_ordinary_request_passes() -> None:
    verdict = validate(request())
    assert isinstance(verdict, Accepted)
    assert (verdict.uri.host, verdict.max_forwards) == ("outside.example", 70)


def test_max_forwards_may_be_absent_or_have_zeros_in_front() -> None:
    for given, seen in ((None, None), ("0068", 68), ("0", 0), ("255", 255)):
        verdict = validate(request(max_forwards=given))
        assert isinstance(verdict, Accepted) and verdict.max_forwards == seen


@pytest.mark.parametrize("value", ["256", "-1", "x", "", "1e1", "99999999999"])
def test_max_forwards_that_is_no_number(value: str) -> None:
    assert refusal(request(max_forwards=value)).status == 400


@pytest.mark.parametrize("uri", ["tel:+1", "soap.beep://x", "urn:service:sos"])
def test_other_schemes_get_416(uri: str) -> None:
    assert refusal(request(uri=uri)).status == 416


@pytest.mark.parametrize("uri", ["bob", "sip:", "sip:a@b:x", "sip:bob@outside.example?Route=%3Csip:example.com%3E"])
def test_request_uris_that_cannot_be_used(uri: str) -> None:
    assert refusal(request(uri=uri)).status == 400


@pytest.mark.parametrize("cseq", ["1 INVITE", "1 message", "x MESSAGE", "36893488147419103232 MESSAGE"])
def test_cseq_must_be_sound_and_name_the_method(cseq: str) -> None:
    assert refusal(request(cseq=cseq)).status == 400


def test_negotiate_is_answered_here_whatever_its_form() -> None:
    verdict = refusal(request("NEGOTIATE", "sip:127.0.0.1:5061", max_forwards="0"))
    assert verdict.status == 405
    assert verdict.headers[0][0] == "Allow" and "NEGOTIATE" not in verdict.headers[0][1]


def test_proxy_require_names_what_is_not_supported() -> None:
    message = request(extra=("Proxy-Require: ms-benotify, foo", "Proxy-Require: MS-BENOTIFY,bar"))
    assert refusal(message).status == 420
    assert refusal(message).headers == (("Unsupported", "foo, bar"),)
    assert isinstance(validate(request(extra=("Proxy-Require: ms-benotify",))), Accepted)


# ------------------------------------------------------------------------------------------------------------- loops


def test_the_hash_differs_with_everything_that_decides_the_way() -> None:
    base = request(routes=("<sip:a.example;lr>",))
    others = [
        request(routes=("<sip:b.example;lr>",)),
        request(routes=("<sip:a.example;lr>",), uri="sip:carol@outside.example"),
        request(routes=("<sip:a.example;lr>",), call_id="call-2"),
        request(routes=("<sip:a.example;lr>",), cseq="2 MESSAGE"),
        request(routes=("<sip:a.example;lr>",), from_="<sip:alice@inside.example>;tag=other"),
        request(routes=("<sip:a.example;lr>",), extra=("Proxy-Require: ms-benotify",)),
    ]
    hashes = {loop_hash(message, "Inside", SECRET) for message in (base, *others)}
    hashes |= {loop_hash(base, "Outside", SECRET), loop_hash(base, "Inside", b"another secret")}
    assert len(hashes) == len(others) + 3


def test_the_hash_is_the_same_after_hops_have_been_added() -> None:
    later = request(via=("SIP/2.0/TLS far.example;branch=z9hG4bK9", CALLER_VIA), max_forwards="12")
    assert loop_hash(later, "Inside", SECRET) == loop_hash(request(), "Inside", SECRET)


def visited(host: str, ending: str, *, top: bool = False) -> Message:
    own = f"SIP/2.0/TLS {host}:5061;branch=z9hG4bKid7.{ending}"
    far = "SIP/2.0/TLS far.example;branch=z9hG4bK9"
    return request(via=(own, CALLER_VIA) if top else (far, own, CALLER_VIA))


@pytest.mark.parametrize("top", [False, True])
def test_a_via_of_this_edge_with_the_same_hash_is_a_loop(top: bool) -> None:
    loop = loop_hash(request(), "Inside", SECRET)
    assert find_loop(visited("203.0.113.1", loop, top=top), OWN, "Inside", SECRET)
    assert not find_loop(visited("203.0.113.2", loop, top=top), OWN, "Inside", SECRET)
    assert not find_loop(visited("203.0.113.1", "0" * 12, top=top), OWN, "Inside", SECRET)  # a spiral


def test_nothing_comes_back_from_a_zone_in_poison_mode() -> None:
    loop = loop_hash(request(), "Inside", SECRET)
    assert "poison" in find_loop(visited("203.0.113.1", "0" * 12 + POISON), OWN, "Inside", SECRET)
    assert "unchanged" in find_loop(visited("203.0.113.1", loop + POISON), OWN, "Inside", SECRET)
    assert not find_loop(visited("far.example", "0" * 12 + POISON), OWN, "Inside", SECRET)


def test_values_in_one_line_are_read_too() -> None:
    loop = loop_hash(request(), "Inside", SECRET)
    message = with_lines(visited("203.0.113.1", loop), (b"\r\nVia: SIP/2.0/TLS 203", b", SIP/2.0/TLS 203"))
    assert find_loop(message, OWN, "Inside", SECRET)


def test_a_method_that_no_transaction_has_room_for() -> None:
    assert isinstance(validate(request("M" * 255)), Accepted)
    refusal = validate(request("M" * 256))
    assert isinstance(refusal, Refusal) and refusal.status == 400


def test_too_many_vias_and_unreadable_ones() -> None:
    with pytest.raises(MessageError):
        find_loop(request(via=(CALLER_VIA,) * (MAX_VIAS + 1)), OWN, "Inside", SECRET)
    with pytest.raises(MessageError):
        find_loop(request(via=(CALLER_VIA, f"SIP/2.0 203.0.113.1;branch=z9hG4bK1.{'0' * 12}")), OWN, "Inside", SECRET)
