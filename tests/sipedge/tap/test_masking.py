from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from sipedge.tap.masking import masked

DIGEST = b'Authorization: Digest username="a", realm="r", nonce="n", uri="sip:r", response="0123abcd", qop=auth'


def _head(*lines: bytes, end: bytes = b"\r\n") -> bytes:
    return end.join([b"OPTIONS sip:r SIP/2.0", b"Via: SIP/2.0/TLS a;branch=z", *lines, b"", b""])


def test_a_digest_keeps_all_but_the_proof() -> None:
    assert masked(_head(DIGEST)) == _head(DIGEST.replace(b"0123abcd", b"********"))


@pytest.mark.parametrize(
    ("line", "kept", "hidden"),
    [
        (b"Proxy-Authorization: Basic dXNlcjpwYXNz", b"Basic", b"dXNlcjpwYXNz"),
        (b"authorization:Bearer abc.def", b"Bearer", b"abc.def"),
        (b"Authorization: token", b"token", b""),
        (b'AUTHORIZATION : NTLM qop="auth", gssapi-data="TlRMTVNTUA==", crand="1"', b'crand="1"', b"TlRMTVNTUA=="),
        (b'Authorization: Kerberos response = 60aa, realm="r"', b'realm="r"', b"60aa"),
        (b'Authorization: Digest realm="r", response="a\\"b', b'realm="r"', b'a\\"b'),
        (b'Authentication-Info: qop=auth, rspauth="77ff", cnonce="c"', b'cnonce="c"', b"77ff"),
        (b'Authorization: Digest realm="r",\r\n response="55ee"', b'realm="r"', b"55ee"),
        (b"Authorization:\r\n\tBasic c2VjcmV0", b"Basic", b"c2VjcmV0"),
    ],
)
def test_what_proves_a_password_is_hidden_at_its_length(line: bytes, kept: bytes, hidden: bytes) -> None:
    before = _head(line)
    after = masked(before)
    assert len(after) == len(before)
    assert kept in after
    assert not hidden or hidden not in after


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_lines_of_an_unreadable_head_are_masked_too(end: bytes) -> None:
    assert b"dXNlcg" not in masked(_head(b"Authorization: Basic dXNlcg", end=end))


def test_a_head_without_credentials_is_the_same_object() -> None:
    head = _head(b'WWW-Authenticate: Digest realm="r", nonce="n"', b"Subject: response=1, Authorization: Basic x")
    assert masked(head) is head


def test_the_body_stays_as_it_is() -> None:
    body = b"Authorization: Basic eHl6\r\n"
    assert masked(_head() + body) == _head() + body
    assert masked(_head(DIGEST) + body).endswith(body)


@examples(200)
@given(
    st.lists(st.sampled_from([b"Authorization:", b"Digest ", b'response="', b'"', b"\\", b"\r\n", b" ", b"ab", b","]))
)
def test_nothing_moves_whatever_it_is(parts: list[bytes]) -> None:
    head = b"".join(parts)
    after = masked(head)
    assert len(after) == len(head)
    assert all(new in (old, ord("*")) for new, old in zip(after, head, strict=True))
