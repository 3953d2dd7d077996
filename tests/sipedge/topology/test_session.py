"""Session descriptions of hidden zones."""

from __future__ import annotations

import pytest

from sipedge.topology.session import with_hidden_address

IM = b"v=0\r\no=- 0 0 IN IP4 10.0.0.7\r\ns=s\r\nc=IN IP4 10.0.0.7\r\nt=0 0\r\nm=message 5060 sip null\r\n"
AUDIO = IM + b"m=audio 4000 RTP/AVP 0\r\nc=IN IP6 fd00::7\r\n"
KIND = "application/sdp"


def test_nothing_of_the_address_is_left_where_no_media_flow() -> None:
    assert with_hidden_address(KIND, IM, b"edge.example") == IM.replace(b"10.0.0.7", b"edge.example")


def test_media_keep_their_address() -> None:
    assert with_hidden_address(KIND, AUDIO, b"edge.example") == AUDIO.replace(b"10.0.0.7", b"edge.example", 1)


@pytest.mark.parametrize("body", [b"", b"no description", b"o=\r\nc=IN IP4 \r\n"])
def test_what_is_no_description_stays(body: bytes) -> None:
    assert with_hidden_address(KIND, body, b"edge.example") == body
    assert with_hidden_address("text/plain", IM, b"edge.example") == IM
