"""What users of other proxies and B2BUAs that hide topology have reported as bugs: each is a test here or elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.b2bua import b2bua, called, talking
from support.messages import answer_to, invite, request
from support.paths import ROOT
from support.playbook import OUTSIDE, Captured, Leg, Play, answers_with, arrives, forwards, responds
from support.settings import ZONES, make_settings, with_zone

from sipedge.settings import Settings
from zones.zone import Topology

HERE = "tests/sipedge/proxy/test_what_others_report.py"
HIDDEN, CALLS = "tests/sipedge/proxy/test_hidden_zones.py", "tests/sipedge/proxy/test_calls.py"
TRANSFERS, RESTARTS = "tests/sipedge/proxy/test_call_transfers.py", "tests/sipedge/proxy/test_calls_restart.py"
BETWEEN, CONTACTS = "tests/e2e/test_b2bua_between.py", "tests/sipedge/topology/test_contacts.py"
REPORTS = {
    "a target refresh loses the Route of inner proxies (OpenSIPS issue 2333)": (
        (HERE, "test_a_hidden_party_moves_and_its_proxies_stay_on_the_way"),
        (CALLS, "test_a_target_refresh_leaves_the_proxies_of_both_sides_on_the_way"),
    ),
    "Replaces in Refer-To names a masked dialog (Kamailio 4301, OpenSIPS 1621)": (
        (HIDDEN, "test_a_transfer_names_the_dialog_as_its_side_knows_it"),
        (CALLS, "test_a_dialog_that_is_named_elsewhere_is_named_as_its_reader_knows_it"),
    ),
    "the NOTIFY of a REFER goes to the wrong side, or matches none (OpenSIPS 1991, 1621)": (
        (HIDDEN, "test_a_dialog_goes_on_in_both_directions"),
        (HERE, "test_a_notify_names_its_refer_as_who_sent_that_knows_it"),
    ),
    "an ACK has another Call-ID (OpenSIPS 1148)": (
        (HIDDEN, "test_a_dialog_goes_on_in_both_directions"),
        (CALLS, "test_a_call_goes_on_in_both_directions"),
    ),
    "so has its own 481 (OpenSIPS 1073)": ((HERE, "test_an_answer_of_the_edge_itself_has_the_call_id_that_it_got"),),
    "the Contact of SUBSCRIBE is left alone (OpenSIPS 1621)": (
        (HIDDEN, "test_a_microsoft_notify_needs_no_rule_of_its_own"),
        (CONTACTS, "test_a_contact_becomes_one_of_the_edge"),
    ),
    "after a restart an ACK keeps the masked Request-URI (OpenSIPS 2275)": (
        (BETWEEN, "test_what_becomes_of_messages_behind_a_restart"),
        (RESTARTS, "test_the_ack_may_come_after_it"),
    ),
    "a call that passes twice loses a dialog, or a restart does it (OpenSIPS 2311)": (
        (HIDDEN, "test_a_call_that_passes_twice_keeps_both_dialogs"),
        (CALLS, "test_a_call_that_passes_twice_is_two_calls"),
        (RESTARTS, "test_a_call_that_passes_twice_is_two_calls_after_it"),
    ),
    "it must work without any state of dialogs (OpenSIPS 2801)": (
        (HIDDEN, "test_an_edge_that_was_restarted_knows_the_dialog"),
        (BETWEEN, "test_what_becomes_of_messages_behind_a_restart"),
    ),
    "parameters of Contact must pass, of Microsoft gruu and opaque (OpenSIPS 301)": (
        (CONTACTS, "test_a_contact_becomes_one_of_the_edge"),
        (CALLS, "test_a_contact_shows_what_a_hidden_one_does"),
    ),
    "the BYE of who transfers kills the new call (siphon, pull request 220)": (
        (TRANSFERS, "test_who_hangs_up_behind_its_refer_does_not_end_the_new_call"),
    ),
}
"""What went wrong, and where; file and test that show it does not here."""


@pytest.mark.parametrize("report", REPORTS)
def test_each_report_has_its_tests(report: str) -> None:
    for file, name in REPORTS[report]:
        assert f"\ndef {name}(" in (Path(ROOT) / file).read_text()


def hidden() -> Settings:
    return make_settings(zones=with_zone(ZONES, "Inside", topology=Topology.HIDDEN))


def test_a_hidden_party_moves_and_its_proxies_stay_on_the_way(play: Play) -> None:
    """Route set and remote target are in two tokens: an UPDATE brings a new one of the second kind."""
    book, leg, told = play(hidden()), Leg(), Captured()
    proxies = ("Record-Route: <sip:p2.local;lr>", "Record-Route: <sip:p1.local;lr>")
    first = invite(call_id="1@phone.local", extra=(*proxies, "Contact: <sip:alice@one.local>"))
    book >> arrives(first) << responds(100) << forwards(leg, "Outside")
    answer = answer_to(leg.message, 200, contact="<sip:bob@198.51.100.20>")
    book >> answers_with(leg, answer) << responds(200, told=told)
    routes = told.message.items("record-route")[::-1][2:]
    update, back = Leg(), Leg()
    extra, to = ("Contact: <sip:alice@two.local>",), "<sip:bob@outside.example>;tag=bob-tag"
    uri = "sip:bob@198.51.100.20"
    moved = request("UPDATE", uri, call_id="1@phone.local", routes=tuple(routes), to=to, extra=extra)
    book >> arrives(moved) << forwards(update, "Outside")
    target = (update.message.first("contact") or "")[1:-1]
    assert target != (leg.message.first("contact") or "")[1:-1]
    said = request("INFO", target, call_id=leg.message.call_id, routes=tuple(leg.message.items("record-route")),
        from_="<sip:bob@outside.example>;tag=bob-tag", to="<sip:alice@inside.example>;tag=alice-tag")  # fmt: skip
    book >> arrives(said, OUTSIDE) << forwards(back, "Inside", uri="sip:alice@two.local", call_id="1@phone.local")
    assert back.message.items("route") == ["<sip:p2.local;lr>", "<sip:p1.local;lr>"]


def test_a_notify_names_its_refer_as_who_sent_that_knows_it(play: Play) -> None:
    """The numbers of both legs differ once the edge has sent a request itself."""
    call = talking(play(b2bua()))
    [dialog] = call.book.proxy.dialogs
    dialog.far.own_number(dialog.near)
    got = call.passes(call.caller, "REFER", 202, ("Refer-To: <sip:carol@third.example>",))
    theirs, ours = call.caller.cseq, got.cseq[0]
    assert ours == theirs + 1
    event = call.passes(call.callee, "NOTIFY", extra=(f"Event: refer;id={ours}", "Subscription-State: active"))
    assert event.first("event") == f"refer;id={theirs}"
    again = call.passes(call.caller, "SUBSCRIBE", extra=(f"Event: refer;id={theirs}", "Expires: 60"))
    assert again.first("event") == f"refer;id={ours}"
    other = call.passes(call.callee, "NOTIFY", extra=("Event: refer;id=99", "Subscription-State: active"))
    assert other.first("event") == "refer;id=99"


@pytest.mark.parametrize("settings", [hidden(), b2bua()], ids=["hidden", "b2bua"])
def test_an_answer_of_the_edge_itself_has_the_call_id_that_it_got(play: Play, settings: Settings) -> None:
    book, told = play(settings), Captured()
    call = called(book)
    target = call.callee.target.replace("-", "-x", 1)
    asked = request("INFO", target, call_id=call.callee.call_id, from_="<sip:bob@outside.example>;tag=b",
        to="<sip:alice@inside.example>;tag=a")  # fmt: skip
    book >> arrives(asked, OUTSIDE) << responds(481, told=told)
    assert told.message.call_id == call.callee.call_id != call.caller.call_id
