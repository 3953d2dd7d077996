"""Tokens of hidden zones: read by who has the secret, as what they were made, and by nobody else."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipedge.topology.seals import Kind, Seals

SEALS = Seals(b"a secret for tests only")
TEXTS = st.text(st.characters(exclude_characters="\r\n", exclude_categories=("Cs",)), min_size=1, max_size=80)


@given(st.sampled_from(Kind), TEXTS, TEXTS)
def test_what_is_sealed_is_opened(kind: Kind, context: str, text: str) -> None:
    token = SEALS.seal(kind, context, text)
    assert SEALS.open(kind, context, token) == text
    assert SEALS.seal(kind, context, text) == token


def test_it_is_written_with_characters_of_a_user_part() -> None:
    token = SEALS.seal(Kind.CONTACT, "", "sip:alice@10.0.0.1" * 20)
    assert token.replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize("kind", [Kind.ROUTES, Kind.CALL_ID])
def test_one_kind_is_not_read_as_another(kind: Kind) -> None:
    assert SEALS.open(kind, "zone", SEALS.seal(Kind.CONTACT, "zone", "text")) is None


def test_nor_in_another_context() -> None:
    assert SEALS.open(Kind.CONTACT, "there", SEALS.seal(Kind.CONTACT, "here", "text")) is None


def test_every_bit_counts() -> None:
    token = SEALS.seal(Kind.CALL_ID, "zone", "id@10.0.0.1")
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    for bit in range(8 * len(raw)):
        altered = bytearray(raw)
        altered[bit // 8] ^= 1 << bit % 8
        assert SEALS.open(Kind.CALL_ID, "zone", base64.urlsafe_b64encode(altered).rstrip(b"=").decode()) is None


@given(st.text(max_size=60))
def test_anything_else_opens_nothing(text: str) -> None:
    assert SEALS.open(Kind.CALL_ID, "zone", text) is None


def test_only_one_spelling_of_a_token_counts() -> None:
    token = SEALS.seal(Kind.CALL_ID, "zone", "four")
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert [SEALS.open(Kind.CALL_ID, "zone", token[:-1] + letter) for letter in last].count("four") == 1


def test_a_former_secret_is_still_read() -> None:
    renewed = Seals(b"the next secret of the tests", (b"a secret for tests only",))
    assert renewed.open(Kind.CONTACT, "", SEALS.seal(Kind.CONTACT, "", "text")) == "text"
    assert SEALS.open(Kind.CONTACT, "", renewed.seal(Kind.CONTACT, "", "text")) is None
