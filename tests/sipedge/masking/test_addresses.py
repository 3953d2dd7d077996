"""Who is named by what peers write, in all its spellings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from sipedge.masking.addresses import Address, Exactly, address_of, display_of, domain_of, without_scheme

SPELLINGS = {
    "bob@example.com": Address("", "bob", "example.com"),
    "sip:Bob@Example.com:5061;transport=tls": Address("sip:", "bob", "Example.com", ":5061"),
    "SIPS:b%6Fb@example.com?Subject=alice@x.example": Address("sips:", "bob", "example.com"),
    "pres:bob@example.com": Address("pres:", "bob", "example.com"),
    "im:bob@[2001:db8::1]": Address("im:", "bob", "[2001:db8::1]"),
    '"Bob <the> B" <sip:bob@example.com;gruu;opaque=app:conf>;tag=1': Address("sip:", "bob", "example.com"),
    "sip:bob:secret@example.com": Address("sip:", "bob:secret", "example.com"),
    "sip:+4930123;ext=5@example.com;user=phone": Address("sip:", "+4930123;ext=5", "example.com"),
    "tel:+49-30-123;phone-context=example.com": Address("tel:", "+49-30-123", ""),
    "+4930123": Address("", "+4930123", ""),
    "4711": Address("", "4711", ""),
    "alice": Address("", "alice", ""),
    "sip:alice": Address("sip:", "alice", ""),
    "sip:imp1.example.com:5062;lr": Address("sip:", "", "imp1.example.com", ":5062"),
    "192.0.2.1": Address("", "", "192.0.2.1"),
    "[2001:db8::1]:5060": Address("", "", "[2001:db8::1]", ":5060"),
    "alice smith": Address("", "alice smith", ""),
    "alice@two@example.com": Address("", "alice@two@example.com", ""),
    "alice@bad host": Address("", "alice@bad host", ""),
    "49.30.1234": Address("", "49.30.1234", ""),
    "": Address("", "", ""),
}


@pytest.mark.parametrize("text", SPELLINGS)
def test_user_and_host_are_told_apart(text: str) -> None:
    assert address_of(text) == SPELLINGS[text]


@examples(200)
@given(st.text(st.sampled_from('ab@.:;<>"\\%4 ?=[]~é\udcff\n'), max_size=20))
def test_what_is_not_the_host_is_the_user_or_left_out(text: str) -> None:
    found = address_of(text)
    assert found.host in text and (found.user or not text.strip() or found.host or "<" in text or ":" in text)
    if found.host and not found.user:
        assert f"@{found.host}" in text or "." in found.host or "[" in found.host


def test_a_display_name_has_no_quotes() -> None:
    assert display_of('"Bob B" <sip:bob@example.com>') == "Bob B"
    assert display_of("Bob <sip:bob@example.com>") == "Bob"
    assert display_of("sip:bob@example.com") == display_of("<sip:bob@example.com>") == ""


@pytest.mark.parametrize("text", ["example.com", "@Example.com", " @example.com:5061 "])
def test_a_domain_is_demanded_whole(text: str) -> None:
    assert domain_of(text) == "example.com"


@pytest.mark.parametrize("text", ["", "@", "bob@example.com", "exa%", "example.com;x", "-", "two words"])
def test_anything_else_is_no_domain(text: str) -> None:
    assert domain_of(text) == ""


def test_a_demand_fits_whole_users_and_hosts_only() -> None:
    assert Exactly("bob", "").fits('"B" <sip:BOB@example.com>') and Exactly("", "example.com").fits("x@EXAMPLE.com")
    assert not Exactly("ob", "").fits("bob@example.com") and not Exactly("", "ample.com").fits("bob@example.com")
    assert not Exactly("bob", "far.example").fits("bob@example.com")


def test_an_address_is_read_out_of_brackets_and_behind_its_scheme() -> None:
    assert without_scheme(" <SIP:~x@example.com> ") == without_scheme("~x@example.com") == "~x@example.com"


@examples(300)
@given(st.text(st.sampled_from('abA@.:;<>"\\?[]1-\n '), max_size=16))
def test_what_is_shown_of_a_text_finds_it_again(text: str) -> None:
    found = address_of(text)
    host = found.host.lower()
    for wanted in (Exactly(found.user, host), Exactly(found.user, ""), Exactly("", host)):
        if wanted != Exactly("", ""):
            assert wanted.fits(text) and wanted.part in text.lower()
