"""Traversal connections that come in: who may use them, and what goes on when one is lost."""

from __future__ import annotations

from support.messages import invite, notify, request
from support.playbook import (
    INSIDE,
    Call,
    Captured,
    Leg,
    Play,
    Playbook,
    Step,
    answers,
    arrives,
    cancels,
    closes,
    closes_connection,
    forwards,
    opens,
    relays,
    responds,
    ups_and_downs,
    waits,
)
from support.settings import EDGE, ZONES, make_settings, rule

from sipedge.proxy.events import (
    HopLost,
    Undelivered,
)
from sipedge.settings import Listener, Settings
from zones.digest import authorization
from zones.zone import Credential, TlsPolicy, TraversalServerZone

CREDENTIAL = Credential("traversal", "secret")
LISTENERS = (Listener("sip", EDGE, 5061), Listener("traversal", EDGE, 7001, zone="Traversal"))
CLIENT = 10
"""A connection of the traversal client."""


def server() -> Settings:
    zone = TraversalServerZone(
        name="Traversal", username="traversal", credential=CREDENTIAL, tls=TlsPolicy(subject_names=("192.0.2.99",))
    )
    rules = rule("in", "Inside", source_zone='"Traversal"') + rule("out", "Traversal", source_zone='"Inside"')
    return make_settings(rules, (*ZONES, zone), listeners=LISTENERS)


def keepalive(proof: str = "", connection: int = CLIENT) -> Step:
    extra = (f"Authorization: {proof}",) if proof else ()
    return arrives(request("OPTIONS", f"sip:{EDGE}:7001;transport=tls", extra=extra), connection)


def handshake(book: Playbook, credential: Credential = CREDENTIAL, status: int = 200) -> None:
    told = Captured()
    book >> opens(CLIENT, "192.0.2.99", listener="traversal") >> keepalive() << responds(401, told=told)
    challenges = told.message.values("www-authenticate")
    assert [("SHA-256" in one, "MD5" in one) for one in challenges] == [(True, False), (False, True)]
    proof = authorization(challenges, credential, "OPTIONS", f"sip:{EDGE}:7001;transport=tls", "cnonce")
    book >> keepalive(proof or "") << responds(status)


def test_a_traversal_client_proves_itself_and_requests_flow_both_ways(play: Play) -> None:
    book = play(server())
    handshake(book)
    leg, back = Leg(), Leg()
    (
        book
        >> arrives(request(), CLIENT)
        << forwards(leg, "Inside")
        >> answers(leg, 200, connection=INSIDE)
        << responds(200)
    )
    book >> arrives(request(), INSIDE) << forwards(back, "Traversal", hop_connection=CLIENT)
    assert back.message.via.port == 7001
    book >> answers(back, 200, connection=CLIENT) << responds(200)
    book >> keepalive() << responds(200)


def test_before_that_nothing_passes(play: Play) -> None:
    book = play(server()) >> opens(CLIENT, "192.0.2.99", listener="traversal")
    assert book.proxy.upkeep.traversal_up(book.now) == {"Traversal": False}
    warning = f'399 {EDGE}:7001 "this traversal connection is not authenticated"'
    book >> arrives(request(), CLIENT) << responds(403, warning=warning)
    book >> arrives(notify("BENOTIFY"), CLIENT)
    book >> arrives(request("OPTIONS", routes=("<sip:x;lr>",)), CLIENT) << responds(403)
    book >> arrives(request(), INSIDE) << responds(504)


def test_wrong_credentials(play: Play) -> None:
    book = play(server())
    handshake(book, Credential("traversal", "wrong"), 401)
    for status, pause in ((401, 1), (403, 2)):
        proof = authorization(
            ['Digest realm="TraversalZone", nonce="x", qop="auth"'], CREDENTIAL, "OPTIONS", "sip:x", "c"
        )
        book >> keepalive(proof or "") << responds(503, retry_after=str(pause))
        book.pass_time(pause)
        book >> keepalive(proof or "") << responds(status)
    book << closes(CLIENT)
    assert "wrong username or password" in book.log[0].text
    endings = [line.text.rpartition("; ")[2] for line in book.log]
    assert endings == [f"the next credentials are looked at in {pause} s" for pause in (1, 2, 4)]
    assert book.offences == [("192.0.2.99", "password")] * 3
    assert book.proxy.requests_refused() == {("Traversal", "password"): 2}


def test_a_connection_that_closes_takes_its_rights_with_it(play: Play) -> None:
    book = play(server())
    handshake(book)
    assert book.proxy.upkeep.traversal_up(book.now) == {"Traversal": True}
    book >> closes_connection(CLIENT) >> arrives(request(), INSIDE) << responds(504)
    assert book.proxy.upkeep.traversal_up(book.now) == {"Traversal": False}


def test_a_forwarded_options_is_no_keepalive(play: Play) -> None:
    book = play(server())
    handshake(book)
    message = request("OPTIONS", "sip:inside.example", via=("SIP/2.0/TLS a;branch=z9hG4bK1", "SIP/2.0/TLS b"))
    book >> arrives(message, CLIENT) << forwards(Leg(), "Inside")


def cut(book: Playbook) -> None:
    """The link is lost and comes back with another number."""
    book >> closes_connection(CLIENT) >> waits(0.5)
    book >> opens(CLIENT + 1, "192.0.2.99", listener="traversal")


def prove(book: Playbook) -> None:
    told = Captured()
    book >> keepalive(connection=CLIENT + 1) << responds(401, told=told)
    challenges = told.message.values("www-authenticate")
    proof = authorization(challenges, CREDENTIAL, "OPTIONS", f"sip:{EDGE}:7001;transport=tls", "cnonce")
    book >> keepalive(proof or "", CLIENT + 1) << responds(200)


def test_what_went_out_on_a_traversal_link_is_answered_on_the_next(play: Play) -> None:
    book, leg, call = play(server()), Leg(), Call()
    handshake(book)
    book >> arrives(invite(), INSIDE, call) << responds(100) << forwards(leg, "Traversal")
    book >> answers(leg, 180, connection=CLIENT) << responds(180) >> HopLost(leg.branch)
    cut(book)
    assert not book.proxy.may_answer(leg.branch, CLIENT + 1, book.now), "it has not proved itself"
    prove(book)
    assert book.proxy.may_answer(leg.branch, CLIENT + 1, book.now)
    book >> arrives(request("CANCEL")) << responds(200) << cancels(leg, connection=CLIENT + 1)
    book >> answers(leg, 487, connection=CLIENT + 1) << responds(487, to=call)


def test_a_traversal_server_zone_without_connections_is_told_once_it_had_one(play: Play) -> None:
    book = play(server()) >> waits(1)
    handshake(book)
    cut(book)
    book >> waits(4)
    prove(book)
    book >> waits(0)
    assert ups_and_downs(book) == [
        ("info", 'zone "Traversal": the traversal connection with 192.0.2.99 is up'),
        ("warning", 'zone "Traversal" is down: no traversal connection is authenticated'),
        ("info", 'zone "Traversal": the traversal connection with 192.0.2.99 is up'),
        ("info", 'zone "Traversal" is up again after 4 s'),
    ]


def test_an_answer_waits_until_the_traversal_link_is_back(play: Play) -> None:
    book, leg, call = play(server()), Leg(), Call()
    handshake(book)
    book >> arrives(request(via="SIP/2.0/TLS 192.0.2.99;branch=z9hG4bKfar"), CLIENT, call) << forwards(leg, "Inside")
    cut(book)
    book >> answers(leg, 200, connection=INSIDE) << responds(200, to=call)
    answer = b"SIP/2.0 200 OK\r\nVia: SIP/2.0/TLS 192.0.2.99;branch=z9hG4bKfar\r\n\r\n"
    book >> Undelivered(CLIENT, answer) >> waits(0.3)
    prove(book)
    book >> waits(0.2) << relays(CLIENT + 1)
    assert book.proxy.kept()["parked"] == 0


def test_nobody_waits_for_an_answer_longer_than_its_transaction(play: Play) -> None:
    book, leg, call = play(server()), Leg(), Call()
    handshake(book)
    book >> arrives(request(), CLIENT, call) << forwards(leg, "Inside")
    cut(book)
    book >> Undelivered(CLIENT, b"SIP/2.0 200 OK\r\n\r\n")
    assert book.proxy.kept()["parked"] == 1
    book >> waits(33) << responds(100)
    assert book.proxy.kept()["parked"] == 0
