"""Who may speak for whom, on a running edge with real certificates: a partner, a stranger, one that is not let in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import time

import pytest
from support.border_town import EVIL, IN, PARTNER, RULES, SHUT, TLS, Call, Town, border_town, final
from support.certificates import issue
from support.processes import fresh_address
from support.stream import Callee, answer, header

from sipedge.decision.record_route import HOUR, TokenKey, ZonePair
from sipedge.decision.routing import seal_of
from zones.zone import DEFAULT_ZONE

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with border_town(tmp_path_factory.mktemp("speaking")) as made:
        yield made


@pytest.mark.parametrize(
    "from_",
    [
        "boss@near.example",
        "boss@near.example.",
        "boss@NEAR.example",
        "boss@ne%61r.example",
        "carol@partner.example",
        "ceo@nobody.example",
        "tel:+15551234",
    ],
)
def test_a_stranger_writes_as_nobody_else(town: Town, from_: str) -> None:
    with town.call(EVIL) as evil, town.call(PARTNER) as partner:
        response = town.refused(evil, town.message(EVIL, from_))
        assert response.startswith((b"SIP/2.0 403 ", b"SIP/2.0 400 ")) and header(response, "Warning")  # 400: pjsip's
        evil.send(town.message(EVIL, from_, "BENOTIFY"))
        town.delivered(evil, town.message(EVIL, "mallory@sip.evil.example"))  # nothing came before it
        town.delivered(partner, town.message(PARTNER, "carol@partner.example"))


def test_nor_as_anybody_in_another_header(town: Town) -> None:
    names = (
        "P-Asserted-Identity",
        "P-Preferred-Identity",
        "Remote-Party-ID",
        "Diversion",
        "ms-asserted-verification-level",
    )
    extra = "".join(f"{name}: <sip:boss@near.example>\r\n" for name in (*names, "ms-edge-proxy-message-trust"))
    with town.call(EVIL) as evil:
        received = town.delivered(evil, town.message(EVIL, "mallory@sip.evil.example", extra=extra))
    assert b"boss@near.example" not in received


@pytest.mark.parametrize("method", ["MESSAGE", "INVITE", "SUBSCRIBE"])
@pytest.mark.parametrize(
    ("uri", "route"),
    [
        ("sip:v@third.example", "<sip:x@near.example>"),
        ("sip:v@third.example", "<sip:x@near.example;lr>"),
        ("sip:v@third.example", "<sip:node.near.example;lr>"),
    ],
)
def test_the_node_relays_for_nobody(town: Town, method: str, uri: str, route: str) -> None:
    with town.call(EVIL) as evil:
        town.refused(evil, town.message(EVIL, "m@sip.evil.example", method, uri, f"Route: {route}\r\n"))
        town.delivered(evil, town.message(EVIL, "m@sip.evil.example"))


def test_a_benotify_with_a_foreign_route_is_dropped(town: Town) -> None:
    route = "Route: <sip:x@near.example;lr>\r\n"
    with town.call(EVIL) as evil:
        evil.send(town.message(EVIL, "m@sip.evil.example", "BENOTIFY", "sip:v@third.example", route))
        town.delivered(evil, town.message(EVIL, "m@sip.evil.example"))  # nothing came before it


def test_an_answered_call_opens_its_own_dialog_only(town: Town) -> None:
    with town.call(EVIL) as evil:
        call = town.answered(evil)
        assert len(call.routes) == 2
        for uri in ("sip:secret@internal.third.example", "sip:+900@pstn.third.example", "sip:x@10.0.0.5:9999"):
            assert town.refused(evil, call.within(town, uri)).startswith(b"SIP/2.0 404 ")
        received = town.delivered(evil, call.within(town, call.contact, "BYE"))
        assert received.startswith(f"BYE {call.contact} ".encode())


def test_a_token_is_nobody_elses_and_of_no_other_dialog(town: Town) -> None:
    with town.call(EVIL) as evil, town.call(PARTNER) as partner:
        call = town.answered(evil)
        assert town.refused(partner, call.within(town, call.contact, name=PARTNER)).startswith(b"SIP/2.0 403 ")
        other = call.within(town, call.contact).replace(header(call.invite, "Call-ID").encode(), b"another", 1)
        assert town.refused(evil, other).startswith(b"SIP/2.0 404 ")
        forged = call.within(town, call.contact).replace(b"<sip:e-", b"<sip:e-A", 1)
        assert town.refused(evil, forged).startswith(b"SIP/2.0 404 ")
        town.delivered(evil, call.within(town, call.contact, "BYE"))


def test_a_token_is_void_without_a_rule(town: Town) -> None:
    with town.call(EVIL) as evil:
        call = town.answered(evil)
        town.delivered(evil, call.within(town, call.contact))
        town.edge.write(dialplan="")
        try:
            assert "in force" in town.edge.reload()
            assert town.refused(evil, call.within(town, call.contact)).startswith(b"SIP/2.0 404 ")
        finally:
            town.edge.write(dialplan=IN + RULES)
            assert "in force" in town.edge.reload()
        town.delivered(evil, call.within(town, call.contact, "BYE"))


@pytest.mark.parametrize(("days", "counts"), [(0, True), (29, True), (31, False)])
def test_a_token_counts_for_thirty_days(town: Town, days: int, counts: bool) -> None:
    """The edge's own key signs it here, as the edge would have done then."""
    secret = bytes.fromhex((town.edge.folder / "edge.secret").read_text())
    key = TokenKey(secret, (DEFAULT_ZONE, "node", "Internet"))
    with town.call(EVIL) as evil:
        contact = "alice@10.1.2.3:5062;transport=tcp"
        invite = town.message(EVIL, "m@sip.evil.example", "INVITE")
        pair = ZonePair(DEFAULT_ZONE, "node", seal=seal_of(contact, ()), issued=int(time()) // HOUR - 24 * days)
        tag = header(invite, "From").partition("tag=")[2]
        token = key.mint(pair, header(invite, "Call-ID"), tag)
        call = Call(invite, (f"<sip:{token}@{town.address}:{TLS};transport=tls;lr>",), f"sip:{contact}")
        if counts:
            town.delivered(evil, call.within(town, call.contact))
        else:
            assert town.refused(evil, call.within(town, call.contact)).startswith(b"SIP/2.0 404 ")


def test_a_connection_that_the_edge_opened_lets_nobody_in(town: Town) -> None:
    with Callee(town.homes[SHUT], TLS, town.ca, town.leaves[SHUT]) as shut:
        sent = town.message("node", "alice@near.example", uri="sip:bob@shut.example")
        town.node.send(sent)
        with shut.accept() as connection:
            connection.send(answer(connection.read_message()))
            assert town.node.read_message().startswith(b"SIP/2.0 200 ")
            response = town.refused(connection, town.message(SHUT, "bob@shut.example"))
            assert response.startswith(b"SIP/2.0 403 ")
    with town.call(PARTNER) as partner:
        town.delivered(partner, town.message(PARTNER, "carol@partner.example"))


def test_who_is_shut_out_is_closed(town: Town) -> None:
    with town.call(SHUT) as shut:
        shut.read_end()


def test_the_common_name_does_not_count_beside_a_subject_alternative_name(town: Town) -> None:
    leaf = issue(town.ca, names=["sip.evil2.example"], cn=PARTNER)
    with town.call(EVIL, leaf) as evil:
        evil.read_end()


def test_a_partner_comes_in_by_the_default_zone_also_where_the_edge_connected(town: Town) -> None:
    """The rule for it names the Default Zone as its source."""
    with Callee(town.homes[PARTNER], TLS, town.ca, town.leaves[PARTNER]) as partner:
        town.node.send(town.message("node", "alice@near.example", uri="sip:carol@partner.example"))
        with partner.accept() as connection:
            connection.send(answer(connection.read_message()))
            assert town.node.read_message().startswith(b"SIP/2.0 200 ")
            town.delivered(connection, town.message(PARTNER, "carol@partner.example"))
            town.refused(connection, town.message(PARTNER, "boss@near.example"))


def test_a_strangers_response_says_nothing_of_identities(town: Town) -> None:
    names = ("P-Asserted-Identity", "Remote-Party-ID", "ms-edge-proxy-message-trust", "Diversion")
    extra = "".join(f"{name}: <sip:boss@near.example>\r\n" for name in names)
    with Callee(town.homes[SHUT], TLS, town.ca, town.leaves[SHUT]) as shut:
        town.node.send(town.message("node", "alice@near.example", uri="sip:bob@shut.example"))
        with shut.accept() as connection:
            said = answer(connection.read_message())
            connection.send(said.replace(b"Content-Length:", extra.encode() + b"Content-Length:", 1))
            received = town.node.read_message()
            assert received.startswith(b"SIP/2.0 200 ") and b"boss@near.example" not in received


def test_another_certificate_behind_the_same_address_is_another_peer(town: Town) -> None:
    """Neither its CANCEL ends the call, nor is its request with the same branch a retransmission."""
    with town.call(EVIL) as evil, town.call(EVIL, town.leaves[PARTNER]) as neighbor:
        invite = town.message(EVIL, "m@sip.evil.example", "INVITE")
        evil.send(invite)
        ringing = town.node.read_message()
        cancel = invite.replace(b"INVITE sip:", b"CANCEL sip:", 1).replace(b"1 INVITE", b"1 CANCEL", 1)
        assert town.refused(neighbor, cancel).startswith(b"SIP/2.0 481 ")
        same = invite.replace(b"INVITE sip:", b"MESSAGE sip:", 1).replace(b"1 INVITE", b"1 MESSAGE", 1)
        town.delivered(neighbor, same.replace(b"m@sip.evil.example", b"c@partner.example", 1))
        town.node.send(answer(ringing, "486 Busy Here"))
        assert final(evil).startswith(b"SIP/2.0 486 ")
        evil.send(invite.replace(b"INVITE sip:", b"ACK sip:", 1).replace(b"1 INVITE", b"1 ACK", 1))
        assert town.node.read_message().startswith(b"ACK ")


PRIVATE = ("10.1.2.3", "172.16.1.1", "192.168.1.1", "100.64.0.1")
PRIVATE6 = ("fd00::1", "fec0::1", "64:ff9b::a01:203", "2002:a01:203::1")


def test_a_strangers_dns_leads_into_no_private_network(tmp_path: Path) -> None:
    """All are refused before anything is sent: nothing leaves this host."""
    addresses = {f"net{number}": f"A {address}" for number, address in enumerate(PRIVATE)}
    addresses |= {f"six{number}": f"AAAA {address}" for number, address in enumerate(PRIVATE6)}
    records = "".join(
        f"_sipfederationtls._tcp.{name}.example. SRV 0 0 5061 sip.{name}.example.\nsip.{name}.example. {record}\n"
        for name, record in addresses.items()
    )
    low = fresh_address()
    records += f"_sipfederationtls._tcp.low.example. SRV 0 0 25 sip.low.example.\nsip.low.example. A {low}\n"
    with border_town(tmp_path, records) as town:
        for name in (*addresses, "low"):
            town.node.send(town.message("node", "alice@near.example", uri=f"sip:bob@{name}.example"))
            assert town.node.read_message().startswith(b"SIP/2.0 404 "), name
        assert "10.1.2.3" in town.edge.wait_for("10.1.2.3")


def test_a_password_guards_the_own_domain_in_all_its_spellings(tmp_path: Path) -> None:
    credential = '\n[[credential]]\nusername = "alice"\npassword = "secret"\n'
    policy = 'authentication_policy = "check credentials"\n'
    with border_town(tmp_path, default=policy, more=credential) as town, town.call(EVIL) as evil:
        for own in ("boss@near.example", "boss@NEAR.example."):
            assert town.refused(evil, town.message(EVIL, own)).startswith(b"SIP/2.0 407 ")
            evil.send(town.message(EVIL, own, "BENOTIFY"))
        town.delivered(evil, town.message(EVIL, "m@sip.evil.example"))  # nothing came before it


def test_a_reload_brings_limits_of_transactions_into_force(tmp_path: Path) -> None:
    with border_town(tmp_path) as town, town.call(EVIL) as evil:
        config = (town.edge.folder / "edge.toml").read_text()
        town.edge.write(config.replace("[limits]\n", "[limits]\ntransactions_per_connection = 2\n", 1))
        assert "in force" in town.edge.reload()
        evil.send(*(town.message(EVIL, "m@sip.evil.example") for _ in range(3)))
        open_ones = [town.node.read_message() for _ in range(2)]
        assert final(evil).startswith(b"SIP/2.0 503 ")
        for one in open_ones:
            town.node.send(answer(one))
            assert final(evil).startswith(b"SIP/2.0 200 ")
