from __future__ import annotations

import pytest

from sipedge.console.app import PAGES
from sipedge.console.shown.causes import PLACES, anchor_of, place_of


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("peer IM&P 192.0.2.5:5061", "/zones#at-IM-P"),
        ("zone Traversal", "/zones#at-Traversal"),
        ("name Far away peer.example: it does not exist", "/zones"),
        ("certificate /etc/edge.pem", "/zones#certificates"),
        ("doctor dns.srv example.com", "/doctor"),
        ("history lost", "/history"),
        ("disk /var/lib/sipedge", ""),
    ],
)
def test_an_alarm_leads_to_the_page_that_shows_more(key: str, place: str) -> None:
    assert place_of(key) == place


def test_they_are_pages_that_there_are_and_an_anchor_is_one_word() -> None:
    paths = {page.path for page in PAGES}
    assert {place.partition("#")[0].partition("?")[0] for place in PLACES.values()} <= paths
    assert anchor_of("Default Zone") == "at-Default-Zone"
