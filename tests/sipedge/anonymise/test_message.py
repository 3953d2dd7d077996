from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.messages import SDP_IM, answer_to, invite, request
from support.paths import DATA, messages_in
from support.third_party import require_shared

from sipedge.anonymise.addresses import Addresses
from sipedge.anonymise.message import anonymised
from sipedge.anonymise.text import Text
from sipedge.anonymise.words import Words
from sipedge.decision.classification import classify
from sipedge.sip.message import Message, parse_message
from sipedge.sip.values import MessageError


def text() -> Text:
    return Text(Words(b"key"), Addresses(b"key", lambda _: False))


def replaced(message: Message) -> Message:
    return parse_message(anonymised(message.to_bytes(), text()))


def test_start_line_headers_and_body_are_replaced() -> None:
    message = request(extra=("Subject: Lunch with Bob", "Content-Type: text/plain"), body=b"Bob, at noon?")
    found = replaced(message)
    assert found.method == "MESSAGE" and found.uri.startswith("sip:") and found.uri != message.uri
    for name in ("from", "to", "call-id", "subject"):
        assert found.first(name) != message.first(name)
    for name in ("max-forwards", "cseq", "content-type", "content-length"):
        assert found.first(name) == message.first(name)
    assert b"noon" not in found.body and len(found.body) == len(message.body)


def test_answers_keep_their_start_line_and_their_dialog() -> None:
    one = text()
    asked = parse_message(anonymised(request().to_bytes(), one))
    answered = parse_message(anonymised(answer_to(request(), 404).to_bytes(), one))
    assert answered.start_line == "SIP/2.0 404 Whatever"
    for name in ("via", "from", "call-id", "cseq"):
        assert answered.first(name) == asked.first(name)


def test_folded_and_compact_headers() -> None:
    raw = b"INFO sip:b@x.example SIP/2.0\r\nf: Secret\r\n <sip:secret@x.example>;tag=1\r\nl: 0\r\n\r\n"
    made = anonymised(raw, text())
    assert b"ecret" not in made and b"\r\n <sip:" in made and made.endswith(b"l: 0\r\n\r\n")


def test_sdp_keeps_media_and_loses_people_addresses_and_keys() -> None:
    sdp = (
        b"v=0\r\no=alice 1 2 IN IP4 10.1.2.3\r\ns=Lunch\r\nc=IN IP4 10.1.2.3\r\nt=0 0\r\nm=audio 4 RTP/SAVP 0\r\n"
        b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:Zm9vYmFy|2^31|1:1\r\na=ice-pwd:secretpassword\r\n"
        b"a=candidate:1 1 UDP 99 10.1.2.3 4000 typ host\r\na=rtpmap:0 x-msrta/8000\r\n"
    )
    made = anonymised(invite(body=sdp).to_bytes(), text()).partition(b"\r\n\r\n")[2]
    for gone in (b"alice", b"10.1.2.3", b"Lunch", b"Zm9vYmFy", b"secretpassword"):
        assert gone not in made
    for kept in (b"m=audio 4 RTP/SAVP 0", b"a=rtpmap:0 x-msrta/8000", b"AES_CM_128_HMAC_SHA1_80 inline:", b"typ host"):
        assert kept in made
    assert len(made) == len(sdp)


def test_every_part_of_a_multipart_body() -> None:
    body = (
        b"preamble\r\n--=_b\r\nContent-Type: text/plain\r\n\r\nMeet Bob\r\n--=_b\r\n"
        b"Content-Type: application/sdp\r\n\r\n" + SDP_IM + b"--=_b--\r\n"
    )
    message = invite(extra=('Content-Type: multipart/alternative;boundary="=_b"',), body=body)
    found = replaced(message)
    assert b"Bob" not in found.body and found.body.count(b"--=_b") == 3 and b"m=message 5060 sip null" in found.body
    assert classify(found) == classify(message)


def test_bodies_that_are_no_text_keep_their_length() -> None:
    message = request(extra=("Content-Encoding: gzip", "Content-Type: text/plain"), body=b"\x1f\x8b\xff\xfeabc")
    assert len(replaced(message).body) == 7


@examples(200)
@given(
    st.binary(max_size=120), st.sampled_from([b"", b"MESSAGE sip:a@b SIP/2.0\r\n", b"SIP/2.0 200 OK\r\nX: y\r\n\r\n"])
)
def test_lengths_stay_whatever_the_bytes_are(data: bytes, start: bytes) -> None:
    assert len(anonymised(start + data, text())) == len(start + data)


@pytest.mark.parametrize("whose", ["our own", "published"])
def test_messages_of_files_keep_length_class_and_shape(whose: str) -> None:
    for path in messages_in(DATA if whose == "our own" else require_shared("samples")):
        data = path.read_bytes()
        made = anonymised(data, text())
        assert len(made) == len(data), path.name
        try:
            before = parse_message(data)
        except MessageError:
            continue
        after = parse_message(made)
        assert (after.method, after.status, list(after.index)) == (before.method, before.status, list(before.index))
        if before.is_request:
            assert classify(after).traffic is classify(before).traffic, path.name
            assert bool(after.to_tag) == bool(before.to_tag), path.name
