"""What peers of another zone see of a request from a hidden one."""

from __future__ import annotations

from support.messages import invite, request
from support.settings import ZONES, make_settings, with_zone

from sipedge.decision.installation import Installation
from sipedge.queries.faces import faces, stands_for
from sipedge.topology.contacts import Contacts
from sipedge.topology.seals import Seals
from zones.zone import DEFAULT_ZONE, Topology

SETTINGS = make_settings(zones=with_zone(ZONES, "Inside", topology=Topology.HIDDEN))
MESSAGE = invite(
    via=("SIP/2.0/TLS node.corp.local;branch=z9hG4bKn", "SIP/2.0/TCP 10.1.2.3;branch=z9hG4bKj"),
    extra=("Contact: <sip:alice@10.1.2.3;transport=tcp>", "User-Agent: Jabber/15", "Subject: lunch"),
    body=b"",
)


def test_each_target_has_the_lines_that_differ_and_no_others() -> None:
    (face,) = faces("Inside", ["Outside", "Inside", "Outside"], MESSAGE, SETTINGS)
    assert (face.zone, face.hidden) == ("Outside", '"Inside"')
    pairs = {one.partition(":")[0]: other for one, other in face.lines if one}
    assert pairs.keys() == {"Via", "Contact", "Call-ID", "User-Agent"}
    assert pairs["User-Agent"] == "" and pairs["Via"] == ""
    assert pairs["Contact"].startswith("Contact: <sip:c-") and pairs["Call-ID"].startswith("Call-ID: sealed-")
    assert [one for one, _ in face.lines if one.startswith("Via")] == [f"Via: {via}" for via in MESSAGE.items("via")]


def test_without_a_message_it_is_known_who_is_hidden() -> None:
    (face,) = faces("Outside", ["Inside"], None, SETTINGS)
    assert (face.hidden, face.lines) == ('"Inside"', ())


def test_open_zones_have_one_face() -> None:
    assert faces("Inside", ["Outside"], MESSAGE, make_settings()) == []


def test_a_sealed_contact_says_what_it_stands_for_to_the_side_that_it_was_made_for() -> None:
    seat = Installation(SETTINGS, {}).seat("Outside")
    contacts = Contacts(Seals(SETTINGS.secret), ("Inside",), frozenset())
    sealed = contacts.sealed("sip:alice@10.1.2.3", "Inside", seat)
    assert stands_for(sealed, "Outside", SETTINGS) == 'a sealed Contact of zone "Inside": sip:alice@10.1.2.3'
    assert stands_for(sealed, "Inside", SETTINGS) == stands_for("sip:a@b", "Outside", SETTINGS) == ""
    assert stands_for(sealed, DEFAULT_ZONE, SETTINGS) == ""


B2BUA = make_settings(zones=with_zone(ZONES, "Inside", topology=Topology.B2BUA))


def test_a_call_of_a_b2bua_zone_has_placeholders_for_what_the_edge_makes_up() -> None:
    (call,) = faces("Inside", ["Outside"], MESSAGE, B2BUA)
    pairs = {(one or other).partition(":")[0]: other for one, other in call.lines}
    assert pairs["Call-ID"] == "Call-ID: CALL-ID" and pairs["From"] == "From: <sip:alice@inside.example>;tag=TAG"
    assert pairs["Contact"] == "Contact: <sip:b-TAG@edge.inside.example:5061;transport=tls>"
    assert pairs["Via"] == pairs["User-Agent"] == ""
    assert "Subject" not in pairs


def test_what_the_edge_says_itself_to_a_b2bua_zone_is_shown() -> None:
    (call,) = faces("Outside", ["Inside"], MESSAGE, B2BUA)
    assert ("", "Session-Expires: 1800;refresher=uac") in call.lines and ("", "Supported: timer") in call.lines
    assert MESSAGE.lines[1].decode() == "Via: SIP/2.0/TLS node.corp.local;branch=z9hG4bKn"
    assert (MESSAGE.lines[1].decode(), "") in call.lines


def test_within_a_call_nothing_is_known_and_other_methods_are_as_in_a_hidden_zone() -> None:
    (call,) = faces("Inside", ["Outside"], invite(to="<sip:bob@outside.example>;tag=b"), B2BUA)
    assert (call.hidden, call.lines) == ('"Inside"', ())
    (pager,) = faces("Inside", ["Outside"], request("MESSAGE", extra=("User-Agent: Jabber/15",)), B2BUA)
    assert ("User-Agent: Jabber/15", "") in pager.lines
