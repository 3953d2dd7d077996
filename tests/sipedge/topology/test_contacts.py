"""Contacts of hidden zones: what others see, and what it leads to."""

from __future__ import annotations

import pytest

from sipedge.sip.uri import parse_uri
from sipedge.topology.contacts import Contacts, Opened, Seat
from sipedge.topology.seals import Seals

SEALS = Seals(b"a secret for tests only")
CONTACTS = Contacts(SEALS, ("Inside", "Other"), frozenset({"example.com"}))
SEAT = Seat("edge.example.com:5061", "tls", "Partner")
ALICE = "sip:alice@10.0.0.5:5071;transport=tcp;gr=urn:uuid:1;ob"


def test_a_contact_becomes_one_of_the_edge() -> None:
    uri = parse_uri(CONTACTS.sealed(ALICE, "Inside", SEAT))
    assert (uri.scheme, uri.host, uri.port) == ("sip", "edge.example.com", 5061)
    assert uri.parameters == (("transport", "tls"), ("gr", "urn:uuid:1"))
    assert CONTACTS.opened(uri, "Partner") == Opened("Inside", ALICE)


def test_only_the_side_that_got_it_may_use_it() -> None:
    uri = parse_uri(CONTACTS.sealed(ALICE, "Inside", SEAT))
    assert CONTACTS.opened(uri, "") is None


def test_a_zone_that_is_no_longer_hidden_opens_none() -> None:
    uri = parse_uri(CONTACTS.sealed(ALICE, "Other", SEAT))
    assert Contacts(SEALS, ("Inside",), frozenset()).opened(uri, "Partner") is None


@pytest.mark.parametrize("text", ["tel:+4930", "sip:alice@example.com;gruu;opaque=x", "mailto:a@b.example", "no uri"])
def test_what_shows_nothing_stays(text: str) -> None:
    assert CONTACTS.sealed(text, "Inside", SEAT) == text


def test_sips_stays_sips() -> None:
    sealed = CONTACTS.sealed("sips:alice@10.0.0.5", "Inside", SEAT)
    assert sealed.startswith("sips:c-") and sealed.endswith("@edge.example.com:5061")


def test_every_value_of_a_header_is_sealed() -> None:
    value = '"Alice, A." <sip:a@10.0.0.1>;q=0.5;received=10.0.0.1, sip:b@10.0.0.2;expires=60;+sip.instance="<urn:x>"'
    first, second = CONTACTS.sealed_value(value, "Inside", SEAT).split(", <")
    assert first.startswith('"Alice, A." <sip:c-') and first.endswith(">;q=0.5")
    assert second.startswith("sip:c-") and second.endswith(">;expires=60")


def test_a_star_stays() -> None:
    assert CONTACTS.sealed_value("*", "Inside", SEAT) == "*"


def test_header_components_stay_behind_it() -> None:
    sealed = CONTACTS.sealed(ALICE + "?Replaces=a%40b", "Inside", SEAT)
    assert sealed.endswith(";gr=urn:uuid:1?Replaces=a%40b")
    assert CONTACTS.opened(parse_uri(sealed.partition("?")[0]), "Partner") == Opened("Inside", ALICE)


def test_only_some_hosts_where_that_is_asked() -> None:
    value = "<sip:a@10.0.0.1>, <sip:b@phone.partner.example>"
    hidden, shown = CONTACTS.sealed_value(value, "Inside", SEAT, frozenset({"10.0.0.1"})).split(", ")
    assert "10.0.0.1" not in hidden and shown == "<sip:b@phone.partner.example>"
