from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from sipedge.anonymise.addresses import Addresses
from sipedge.anonymise.text import Text
from sipedge.anonymise.words import Words


def text() -> Text:
    return Text(Words(b"key"), Addresses(b"key", lambda _: False))


@pytest.mark.parametrize(
    ("value", "gone", "kept"),
    [
        (
            '"Bob" <sip:bob@host.contoso.com:5061;transport=tls;lr>;tag=abc',
            "bob host contoso abc",
            ":5061;transport=tls;lr>;tag= .com",
        ),
        (
            "SIP/2.0/TLS 192.0.2.7:5061;branch=z9hG4bKabc;received=10.1.2.3",
            "abc 10.1.2.3 192.0.2.7",
            "SIP/2.0/TLS z9hG4bK :5061",
        ),
        (
            'Digest username="bob", realm="Acme", qop="auth", response="0a1b2c3d", algorithm=MD5',
            "bob Acme 0a1b2c3d",
            'username= realm= qop="auth" algorithm=MD5',
        ),
        ("sip:5010@pbx.example;user=phone", "5010 pbx", ";user=phone .example"),
        ("<tel:5010>", "5010", "tel:"),
        ("bob:1234@x.example", "bob 1234", ".example"),
        ("<sip:b@x.example>;\r\n tag = 19n", "19n", "tag ="),
        ("<sip:juliet@x.example;opaque=user:epid:QmFzZTY0;gruu>", "juliet QmFzZTY0", ";opaque=user:epid: ;gruu"),
        ("<sip:[2001:db8::abcd]:5060>", "abcd", "2001:db8:: ]:5060"),
        ("d58f2680-9c91@192.168.77.21", "d58f2680 9c91 77.21", "192.168."),
        ("SGVsbG8gUm9tZW8=", "SGVsbG8gUm9tZW8", "="),
    ],
)
def test_header_values_keep_what_is_protocol(value: str, gone: str, kept: str) -> None:
    made = text().header(value)
    assert len(made) == len(value)
    assert not [word for word in gone.split() if word in made], made
    assert not [word for word in kept.split() if word not in made], made


def test_the_same_word_is_the_same_everywhere() -> None:
    one = text()
    user = one.header("sip:juliet@contoso.example").partition(":")[2]
    assert user in one.header('"x" <sip:juliet@contoso.example>')
    assert user in one.places("no route to juliet@contoso.example today")
    assert user.partition("@")[0].capitalize() in one.plain("Juliet")


def test_places_leave_sentences_alone() -> None:
    made = text().places('1009;reason="No match for domain";domain="cms.steven.lab";fqdn1="vcse.steven.lab:5061"')
    assert made.startswith('1009;reason="No match for domain";domain="') and made.endswith(':5061"')
    assert "steven" not in made and "vcse" not in made


def test_markup_keeps_elements_and_states() -> None:
    made = text().markup(
        '<?xml version="1.0"?><p:x xmlns="urn:a" entity="sip:bob@x.example"><s>open</s>at home &lt;3</p:x>'
    )
    assert made.startswith('<?xml version="1.0"?><p:x xmlns="urn:a" entity="sip:')
    assert "<s>open</s>" in made and "&lt;" in made and "home" not in made and "bob" not in made


@pytest.mark.slow
@examples(300)
@given(st.text(alphabet="ab1.:;=@<>\"'-[]/ &%\r\n\tüé語😀z9hG4bK", max_size=80))
def test_lengths_stay_whatever_stands_there(value: str) -> None:
    one = text()
    for replace in (one.header, one.places, one.plain, one.markup):
        assert len(replace(value).encode()) == len(value.encode())
