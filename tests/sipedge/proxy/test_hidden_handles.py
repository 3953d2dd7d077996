"""Peers that take short user parts only: handles instead of sealed values, and the journal behind them."""

from __future__ import annotations

from support.playbook import INSIDE, OUTSIDE, Leg, Play, answers_with, arrives, forwards, responds
from support.settings import ZONES, make_settings, with_zone

from sipedge.settings import Settings
from zones.zone import Topology

from .test_hidden_zones import (
    METHODS,
    answer_of,
    begin,
    check_arrived,
    check_nothing_leaks,
    message_of,
    parties,
    uri_of,
)


def capped(longest: int, **fields: object) -> Settings:
    zones = with_zone(with_zone(ZONES, "Inside", topology=Topology.HIDDEN), "Outside", longest_user_part=longest)
    return make_settings(zones=zones, journal="journal", **fields)


def test_a_peer_gets_no_longer_user_parts_than_it_takes(play: Play) -> None:
    """The whole dialog works by handles, and after a restart by the journal."""
    book = play(capped(100))
    caller, callee = parties()
    begin(book, caller, callee)
    for message in callee.seen:
        for uri in (uri_of(message), *(each.partition("<")[2] for each in message.items("record-route"))):
            assert len(uri.partition("@")[0].partition(":")[2]) <= 100
    for number, method in enumerate(METHODS):
        if number == 2:
            book = book.restarted(capped(100))
        leg = Leg()
        within = message_of(method, callee, caller, callee.target, dialog=True)
        book >> arrives(within, OUTSIDE) << forwards(leg, "Inside")
        check_arrived(leg.message, within, callee, caller)
        book >> answers_with(leg, answer_of(leg, caller), connection=INSIDE) << responds(200)
    check_nothing_leaks(("Inside",), caller, callee)


def test_without_its_journal_a_handle_is_no_way_in(play: Play) -> None:
    caller, callee = parties()
    begin(play(capped(100)), caller, callee)
    within = message_of("BYE", callee, caller, callee.target, dialog=True)
    play(capped(100)) >> arrives(within, OUTSIDE) << responds(481)
