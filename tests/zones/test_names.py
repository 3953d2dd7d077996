from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from zones.names import any_match, host_name, name_matches, show_names, to_ascii

LABEL = st.from_regex(r"[a-z0-9](?:[a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
HOST = st.lists(LABEL, min_size=1, max_size=4).map(lambda labels: ".".join([*labels, "example"]))


@pytest.mark.parametrize(
    ("expected", "presented", "wildcards", "matches"),
    [
        ("sip.example.com", "sip.example.com", False, True),
        ("SIP.example.com", "sip.EXAMPLE.com", False, True),
        ("sip.example.com.", "sip.example.com", False, True),
        ("sip.example.com", "sip.example.com.", False, True),
        ("sip.example.com", "example.com", False, False),
        ("example.com", "sip.example.com", False, False),
        ("sip.example.com", "*.example.com", False, False),
        ("sip.example.com", "*.example.com", True, True),
        ("sip.example.com", "*.EXAMPLE.com.", True, True),
        ("a.sip.example.com", "*.example.com", True, False),
        ("example.com", "*.example.com", True, False),
        ("example.com", "*.com", True, False),
        ("sip.example.com", "s*.example.com", True, False),
        ("sip.example.com", "sip.*.com", True, False),
        ("sip.example.com", "*", True, False),
        ("sip.example.com", "*.*.com", True, False),
        ("*.example.com", "*.example.com", True, False),
        ("192.0.2.1", "192.0.2.1", False, True),
        ("192.0.2.1", "*.0.2.1", True, False),
        ("2001:DB8::1", "2001:db8:0:0::1", False, True),
        ("[2001:db8::1]", "2001:db8::1", False, True),
        ("192.0.2.1", "192.0.2.10", False, False),
        ("sip.example.com", "sip.example.com\0.evil.example", False, False),
        ("sip.example.com", "sip.example.com\n", False, False),
        ("sip.example.com", " sip.example.com", False, False),
        ("sip.example.com", "sip.ex\u0430mple.com", False, False),
        ("sip.example.com", "\uff53ip.example.com", False, False),
        ("m\u00fcnchen.example", "xn--mnchen-3ya.example", False, True),
        ("XN--MNCHEN-3YA.example", "xn--mnchen-3ya.example", False, True),
        ("m\u00fcnchen.example", "m\u00fcnchen.example", False, False),
        ("example.com", "sip:example.com", False, True),
        ("example.com", "SIPS:example.com", False, True),
        ("example.com", "sip:bob@example.com", False, False),
        ("example.com", "https:example.com", False, False),
        ("a.example.com", "sip:*.example.com", True, False),
        ("", "", True, False),
        (".", ".", True, False),
        ("sip..example.com", "sip..example.com", False, False),
    ],
)
def test_matching(expected: str, presented: str, wildcards: bool, matches: bool) -> None:
    assert name_matches(expected, presented, wildcards) is matches


@pytest.mark.slow
@given(HOST, HOST)
@examples(100)
def test_only_the_same_name_matches_without_wildcards(one: str, other: str) -> None:
    assert name_matches(one, one.upper(), False)
    assert name_matches(one, other, False) is (one == other)


@pytest.mark.slow
@given(HOST, st.text(min_size=1, max_size=3))
@examples(200)
def test_nothing_can_be_hidden_behind_a_name(host: str, tail: str) -> None:
    if tail != ".":
        assert not name_matches(host, host + tail, True)


@given(st.text(max_size=300), st.text(max_size=300), st.booleans())
@examples(200)
def test_hostile_text_never_raises(expected: str, presented: str, wildcards: bool) -> None:
    name_matches(expected, presented, wildcards)
    assert show_names([presented]).isprintable()


@pytest.mark.slow
@given(LABEL, HOST)
@examples(100)
def test_a_wildcard_covers_exactly_one_label(label: str, parent: str) -> None:
    assert name_matches(f"{label}.{parent}", f"*.{parent}", True)
    assert not name_matches(f"{label}.x.{parent}", f"*.{parent}", True)
    assert not name_matches(parent, f"*.{parent}", True)


def test_any_of_the_expected_will_do() -> None:
    assert any_match(["a.example", "b.example"], iter(["x.example", "b.example"]), False)
    assert not any_match([], ["a.example"], False)
    assert not any_match(["a.example"], [], False)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Sip.Example.COM.", "sip.example.com"),
        ("_sip._tcp.example.com", "_sip._tcp.example.com"),
        ("192.0.2.1", ""),
        ("a.123", ""),
        ("-a.example", ""),
        ("a-.example", ""),
        ("a" * 64 + ".example", ""),
        ("a." * 127 + "example", ""),
        ("a b.example", ""),
        ("", ""),
        (".", ""),
        ("a.example..", ""),
    ],
)
def test_host_names(text: str, name: str) -> None:
    assert host_name(text) == name


def test_a_configured_name_may_be_international() -> None:
    assert to_ascii("B\u00dcCHER.example") == "xn--bcher-kva.example"
    assert to_ascii("\u00fc" * 300) == ""
    assert to_ascii("\u00fc..example") == ""


def test_shown_names_are_few_short_and_printable() -> None:
    assert show_names([]) == "none"
    assert show_names(["a", "b\r\nINFO all is well"]) == "a, b\\r\\nINFO all is well"
    shown = show_names(["x" * 1000] * 50)
    assert len(shown) < 1000 and shown.endswith("and 42 more")
