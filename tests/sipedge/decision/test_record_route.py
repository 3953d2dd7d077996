"""Signed Record-Route tokens: ours and of this dialog, or nothing."""

from __future__ import annotations

import base64
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.tokens import undated

from sipedge.decision.record_route import (
    LONGEST_KNOWN,
    MAC_BYTES,
    MOST_KNOWN,
    SEAL_BYTES,
    TOKEN_LENGTH,
    TokenKey,
    ZonePair,
)

SECRET = b"a secret for tests only"
ZONES = ("Inside", "Outside", "Default Zone")
KEY, OTHER = TokenKey(SECRET, ZONES), TokenKey(SECRET, ZONES)
"""``OTHER`` has signed nothing, so it knows no token until it has read it."""
TOKEN = KEY.mint(ZonePair("Inside", "Outside"), "call-1", "alice-tag")
ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"


def test_a_token_names_the_zones_in_both_directions_of_its_dialog() -> None:
    assert len(TOKEN) == TOKEN_LENGTH
    pair = ZonePair("Inside", "Outside")
    for key in (KEY, OTHER):
        assert key.read(TOKEN, "call-1", ("alice-tag", "bob-tag")) == pair
        assert key.read(TOKEN, "call-1", ("bob-tag", "alice-tag")) == pair


def test_a_token_says_whether_the_dialog_is_microsofts() -> None:
    pair = ZonePair("Inside", "Outside", microsoft=True)
    token = KEY.mint(pair, "call-1", "alice-tag")
    assert KEY.read(token, "call-1", ("alice-tag",)) == OTHER.read(token, "call-1", ("alice-tag",)) == pair


@given(st.integers(0, 2**24 - 1), st.booleans(), st.binary(min_size=SEAL_BYTES, max_size=SEAL_BYTES))
def test_what_is_signed_is_read_again(issued: int, microsoft: bool, seal: bytes) -> None:
    pair = ZonePair("Inside", "Outside", microsoft, seal, issued)
    token = KEY.mint(pair, "call-1", "alice-tag")
    for key in (KEY, OTHER, OTHER):
        assert key.read(token, "call-1", ("alice-tag",)) == pair


@pytest.mark.parametrize("microsoft", [False, True])
def test_a_token_of_the_version_before_is_read_without_a_time(microsoft: bool) -> None:
    pair = ZonePair("Inside", "Outside", microsoft, b"12345")
    assert KEY.read(undated(KEY, pair, "call-1", "alice-tag"), "call-1", ("alice-tag",)) == pair
    assert KEY.read(undated(KEY, pair, "call-1", "alice-tag"), "call-2", ("alice-tag",)) is None


def test_another_process_with_the_same_secret_reads_it() -> None:
    assert TokenKey(SECRET, ("Outside", "Inside", "New")).read(TOKEN, "call-1", ("alice-tag",)) is not None


@pytest.mark.parametrize(
    ("token", "call_id", "tags"),
    [
        (TOKEN, "call-2", ("alice-tag", "bob-tag")),
        (TOKEN, "call-1", ("mallory", "bob-tag")),
        (TOKEN, "call-1", (None, "")),
        (TOKEN[:-1], "call-1", ("alice-tag",)),
        (TOKEN + "A", "call-1", ("alice-tag",)),
        ("x-" + TOKEN[2:], "call-1", ("alice-tag",)),
        ("e-" + "A" * 48, "call-1", ("alice-tag",)),
        ("e-" + "A" * 44, "call-1", ("alice-tag",)),
        ("e-" + "é" * 48, "call-1", ("alice-tag",)),
        ("", "call-1", ("alice-tag",)),
    ],
)
def test_what_is_no_token_of_this_dialog(token: str, call_id: str, tags: tuple[str | None, ...]) -> None:
    assert KEY.read(token, call_id, tags) is None
    assert OTHER.read(TOKEN, "call-1", ("alice-tag",)) is not None
    assert OTHER.read(token, call_id, tags) is None


def test_another_secret_and_a_zone_that_is_gone() -> None:
    assert TokenKey(b"another secret, long enough", ZONES).read(TOKEN, "call-1", ("alice-tag",)) is None
    assert TokenKey(SECRET, ("Inside",)).read(TOKEN, "call-1", ("alice-tag",)) is None


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        TokenKey(b"short", ZONES)


@given(st.integers(2, TOKEN_LENGTH - 1), st.sampled_from(ALPHABET))
def test_a_changed_character_opens_nothing(position: int, character: str) -> None:
    changed = TOKEN[:position] + character + TOKEN[position + 1 :]
    assert changed == TOKEN or KEY.read(changed, "call-1", ("alice-tag", "bob-tag")) is None


@given(st.binary(min_size=16, max_size=200), st.text(max_size=300), st.text(max_size=20))
def test_a_token_is_signed_with_hmac_sha_256(secret: bytes, call_id: str, tag: str) -> None:
    raw = base64.urlsafe_b64decode(TokenKey(secret, ZONES).mint(ZonePair("Inside", "Outside"), call_id, tag)[2:])
    text = b"\0".join((raw[:-MAC_BYTES], *(part.encode("utf-8", "surrogateescape") for part in (call_id, tag))))
    assert hmac.digest(secret, text, "sha256")[:MAC_BYTES] == raw[-MAC_BYTES:]


def test_what_is_known_of_tokens_is_bounded_and_holds_good_ones_only() -> None:
    key, pair = TokenKey(SECRET, ZONES), ZonePair("Inside", "Outside")
    for number in range(MOST_KNOWN + 10):
        key.mint(pair, f"call-{number}", "alice-tag")
    assert len(key._known) == MOST_KNOWN
    before = dict(key._known)
    assert key.read(TOKEN, "call-2", ("alice-tag",)) is None
    token = key.mint(pair, "c" * (LONGEST_KNOWN + 1), "alice-tag")
    assert key._known == before
    assert key.read(token, "c" * (LONGEST_KNOWN + 1), ("alice-tag",)) == pair
    assert key.read(TOKEN, "call-1", ("alice-tag",)) == pair and len(key._known) == MOST_KNOWN
