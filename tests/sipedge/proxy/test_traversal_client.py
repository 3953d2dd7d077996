"""Traversal connections that the edge opens: it proves itself, looks after them, and comes back."""

from __future__ import annotations

from support.messages import notify, request
from support.playbook import (
    INSIDE,
    Captured,
    Leg,
    Play,
    answers,
    arrives,
    closes,
    closes_connection,
    connects,
    fails,
    forwards,
    opens,
    resolves,
    responds,
    sends,
    ups_and_downs,
    waits,
)
from support.settings import ZONES, make_settings, rule

from sipedge.proxy.events import (
    ConnectionFailed,
    ConnectionOpened,
    Resolved,
)
from sipedge.settings import Settings
from zones.dns import AddressRecord
from zones.zone import Credential, Hop, TraversalClientZone

CREDENTIAL = Credential("traversal", "secret")
CLIENT = 10
"""A connection of the traversal client."""


def client(**fields: object) -> Settings:
    zone = TraversalClientZone(name="Traversal", peers=("198.51.100.70",), credential=CREDENTIAL, **fields)  # type: ignore[arg-type]
    rules = rule("in", "Inside", source_zone='"Traversal"') + rule("out", "Traversal", source_zone='"Inside"')
    return make_settings(rules, (*ZONES, zone))


def opened_to(address: str, port: int, hop: Hop) -> ConnectionOpened:
    event = opens(CLIENT, address, zone="Traversal", hop=hop, listener=None)
    event.peer_port = port
    return event


def test_the_client_connects_proves_itself_and_then_requests_flow(play: Play) -> None:
    told, leg, proof = Captured(), Leg(), Leg()
    book = play(client()) << connects("Traversal", told)
    book >> opened_to("198.51.100.70", 7001, told.command.hop)
    book << forwards(leg, "Traversal", method="OPTIONS", hop_connection=CLIENT, authorization=None)
    book >> arrives(request(), INSIDE) << responds(504)
    book >> arrives(request(), CLIENT) << responds(403)
    challenge = 'WWW-Authenticate: Digest realm="TraversalZone", nonce="n", algorithm=SHA-256, qop="auth"'
    book >> answers(leg, 401, connection=CLIENT, extra=(challenge,)) << forwards(proof, "Traversal", method="OPTIONS")
    assert (proof.message.first("authorization") or "").startswith('Digest username="traversal", realm="TraversalZone"')
    book >> answers(proof, 200, connection=CLIENT)
    out, back = Leg(), Leg()
    book >> arrives(request(), INSIDE) << forwards(out, "Traversal", hop_connection=CLIENT)
    book >> answers(out, 200, connection=CLIENT) << responds(200)
    book >> arrives(request(), CLIENT) << forwards(back, "Inside") >> answers(back, 200, connection=INSIDE)
    book << responds(200)
    book >> waits(20) << forwards(leg, "Traversal", method="OPTIONS")
    book >> arrives(notify("BENOTIFY"), INSIDE) << sends("Traversal")


def test_the_client_comes_back_after_a_failure_and_a_close(play: Play) -> None:
    told, leg = Captured(), Leg()
    book = play(client()) << connects("Traversal", told)
    hop = told.command.hop
    book >> ConnectionFailed("Traversal", hop.address, hop.port, "refused", hop) >> waits(2) << connects("Traversal")
    book >> opened_to("198.51.100.70", 7001, hop) << forwards(leg, "Traversal")
    book >> closes_connection(CLIENT) >> waits(5) << connects("Traversal")


def test_a_traversal_connection_that_is_down_and_up_again_is_told_once_each(play: Play) -> None:
    captured, leg = Captured(), Leg()
    book = play(client()) << connects("Traversal", captured)
    hop = captured.command.hop
    for _ in range(2):
        book >> ConnectionFailed("Traversal", hop.address, hop.port, "refused", hop) >> waits(0) >> waits(4)
        book << connects("Traversal")
    book >> opened_to("198.51.100.70", 7001, hop) << forwards(leg, "Traversal")
    book >> answers(leg, 200, connection=CLIENT) >> waits(1)
    link = 'zone "Traversal": the traversal connection with 198.51.100.70'
    assert [level for level, _ in ups_and_downs(book)] == ["warning", "info"]
    assert [text for _, text in ups_and_downs(book)] == [f"{link} is down: refused", f"{link} is up again after 8 s"]


def test_names_of_traversal_servers_are_looked_up(play: Play) -> None:
    a, aaaa = Captured(), Captured()
    zone = TraversalClientZone(name="Traversal", peers=("expe.example",), credential=CREDENTIAL)
    book = play(make_settings("", (*ZONES, zone)))
    book << resolves("expe.example", "A", a) << resolves("expe.example", "AAAA", aaaa)
    book >> Resolved(a.command.query, (AddressRecord("198.51.100.70"),), "", 60.0) >> Resolved(aaaa.command.query)
    book >> waits(1) << connects("Traversal")


def test_a_link_whose_name_cannot_be_looked_up_is_down_and_told_once(play: Play) -> None:
    a, aaaa, again, too = Captured(), Captured(), Captured(), Captured()
    zone = TraversalClientZone(name="Traversal", peers=("expe.example",), credential=CREDENTIAL)
    book = play(make_settings("", (*ZONES, zone)))
    book << resolves("expe.example", "A", a) << resolves("expe.example", "AAAA", aaaa)
    book >> Resolved(a.command.query, (), "timeout") >> Resolved(aaaa.command.query, (), "timeout")
    book >> waits(60) << resolves("expe.example", "A", again) << resolves("expe.example", "AAAA", too)
    book >> Resolved(again.command.query, (AddressRecord("198.51.100.70"),), "", 60.0) >> Resolved(too.command.query)
    book >> waits(1) << connects("Traversal")
    (line,) = book.log
    assert line.text.startswith('zone "Traversal": the traversal connection with expe.example is down: no address')
    assert line.text.endswith("A expe.example: timeout; AAAA expe.example: timeout")


def test_refused_credentials_close_the_connection(play: Play) -> None:
    told, leg = Captured(), Leg()
    book = play(client()) << connects("Traversal", told)
    book >> opened_to("198.51.100.70", 7001, told.command.hop) << forwards(leg, "Traversal")
    book >> answers(leg, 403, connection=CLIENT) << closes(CLIENT)
    assert "403" in book.log[0].text


def test_a_challenge_that_is_not_utf_8_is_answered_all_the_same(play: Play) -> None:
    told, leg, proof = Captured(), Leg(), Leg()
    book = play(client()) << connects("Traversal", told)
    book >> opened_to("198.51.100.70", 7001, told.command.hop) << forwards(leg, "Traversal")
    challenge = 'WWW-Authenticate: Digest realm="\udcff", nonce="n", qop="auth"'
    book >> answers(leg, 401, connection=CLIENT, extra=(challenge,)) << forwards(proof, "Traversal", method="OPTIONS")
    assert 'realm="\udcff"' in (proof.message.first("authorization") or "")


def test_silence_on_a_traversal_connection(play: Play) -> None:
    told, leg = Captured(), Leg()
    book = play(client()) << connects("Traversal", told)
    book >> opened_to("198.51.100.70", 7001, told.command.hop) << forwards(leg, "Traversal")
    book >> answers(leg, 200, connection=CLIENT)
    book >> waits(20) << forwards(leg, "Traversal") >> fails(leg, 408) << forwards(leg, "Traversal")
    book >> fails(leg, 408) << closes(CLIENT)


def test_over_tcp_the_via_says_tcp(play: Play) -> None:
    told, leg = Captured(), Leg()
    book = play(client(transport="TCP")) << connects("Traversal", told)
    book >> opened_to("198.51.100.70", 7001, told.command.hop)
    book << forwards(leg, "Traversal", transport="TCP")
    assert leg.message.via.transport == "TCP"
