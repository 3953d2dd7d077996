"""What the edge does of its own accord: OPTIONS to neighbours, traversal connections, names kept resolved."""

from __future__ import annotations

from support.messages import invite, notify, request
from support.playbook import (
    INSIDE,
    OUTSIDE,
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
    connects,
    fails,
    forwards,
    opens,
    probed,
    relays,
    resolves,
    responds,
    sends,
    waits,
)
from support.settings import EDGE, OUTSIDE_PEER, ZONES, make_settings, rule, with_zone

from sipedge.proxy.events import (
    ConfigChanged,
    ConnectionFailed,
    ConnectionOpened,
    Ending,
    HopLost,
    ProbeAsked,
    Resolved,
    Undelivered,
)
from sipedge.settings import Listener, Settings
from zones.digest import authorization
from zones.dns import AddressRecord
from zones.zone import Credential, Hop, NeighborZone, TlsPolicy, TraversalClientZone, TraversalServerZone

CREDENTIAL = Credential("traversal", "secret")
LISTENERS = (Listener("sip", EDGE, 5061), Listener("traversal", EDGE, 7001, zone="Traversal"))
CLIENT = 10
"""A connection of the traversal client."""

# ---------------------------------------------------------------------------------------------------------- neighbours


def monitored(**fields: object) -> Settings:
    return make_settings(zones=with_zone(ZONES, "Outside", monitor=True, monitor_interval=60.0, **fields))


def test_neighbours_get_options_and_answers_keep_them_alive(play: Play) -> None:
    leg = Leg()
    book = play(monitored()) << forwards(leg, "Outside", method="OPTIONS", uri=f"sip:{OUTSIDE_PEER}:5061;transport=tls")
    assert leg.message.via.branch == leg.branch
    assert leg.message.first("max-forwards") == "70"
    assert leg.message.from_tag and leg.message.call_id
    book >> answers(leg, 200) >> waits(59) >> waits(2) << forwards(leg, "Outside", method="OPTIONS")
    book >> answers(leg, 100) >> answers(leg, 500)


def test_an_ipv6_neighbour_stands_in_brackets_in_its_options(play: Play) -> None:
    """Also where its address is the name that the certificate must carry."""
    for verify in (True, False):
        settings = monitored(peers=("2001:db8::20",), tls=TlsPolicy(verify=verify))
        play(settings) << forwards(Leg(), "Outside", method="OPTIONS", uri="sip:[2001:db8::20]:5061;transport=tls")


def test_a_dead_peer_comes_last_until_it_answers(play: Play) -> None:
    other = "198.51.100.21"
    one, two, leg = Leg(), Leg(), Leg()
    book = play(monitored(peers=(OUTSIDE_PEER, other))) << forwards(one) << forwards(two)
    book >> fails(one, 408) >> answers(two, 200)
    alive = {hop.address: up for (_, hop), up in book.proxy.upkeep.peers_alive().items()}
    assert (alive[OUTSIDE_PEER], alive[other]) == (False, True)
    for _ in range(3):
        book >> arrives(request()) << forwards(leg, address=other) >> answers(leg, 200) << responds(200)
    book >> waits(60)
    probes = {command.hop.address: command for command in book.drain()}  # type: ignore[union-attr]
    again = Leg()
    again.branch = probes[OUTSIDE_PEER].branch  # type: ignore[union-attr]
    again.message = one.message
    book >> answers(again, 200)
    seen = set()
    for _ in range(2):
        book >> arrives(request()) << forwards(leg) >> answers(leg, 200) << responds(200)
        seen.add(leg.hop.address)
    assert seen == {OUTSIDE_PEER, other}


def told(book: Playbook) -> list[tuple[str, str]]:
    """The lines about what is down and up."""
    return [(log.level, log.text) for log in book.log if " is down" in log.text or " is up" in log.text]


def test_a_peer_that_is_down_and_up_again_is_told_once_each(play: Play) -> None:
    leg = Leg()
    book = play(monitored()) << forwards(leg)
    book >> fails(leg, 408) >> waits(0) >> waits(2) << forwards(leg) >> fails(leg, 408) >> waits(3) << forwards(leg)
    book >> answers(leg, 200) >> waits(0)
    peer = f'zone "Outside": peer {OUTSIDE_PEER}:5061'
    assert told(book) == [("warning", f"{peer} is down: Request Timeout"), ("info", f"{peer} is up again after 5 s")]


def test_a_peer_that_answers_options_badly_is_down_and_the_log_says_with_what(play: Play) -> None:
    leg = Leg()
    book = play(monitored(server_error_alive=False)) << forwards(leg) >> answers(leg, 503) >> waits(0)
    assert told(book)[0][1].endswith("is down: OPTIONS was answered 503")


def test_a_peer_without_options_is_down_and_up_by_its_requests(play: Play) -> None:
    leg = Leg()
    book = play(make_settings(zones=with_zone(ZONES, "Outside", monitor=False)))
    book >> arrives(request(call_id="1")) << forwards(leg) >> fails(leg) << responds(500) >> waits(0) >> waits(2)
    book >> arrives(request(call_id="2")) << forwards(leg) >> answers(leg, 200) << responds(200) >> waits(0)
    assert [text.partition(" is ")[2] for _, text in told(book)] == [
        "down: the connection was closed",
        "up again after 2 s",
    ]


def test_a_name_of_a_peer_that_leads_nowhere_is_told_once_with_the_error(play: Play) -> None:
    a, aaaa = Captured(), Captured()
    settings = monitored(peers=("far.example",))
    book = play(settings) << resolves("far.example", "A", a) << resolves("far.example", "AAAA", aaaa)
    book >> Resolved(a.command.query, (), "timeout") >> Resolved(aaaa.command.query, (), "servfail") >> waits(1)
    assert told(book) == [
        (
            "warning",
            "zone \"Outside\": the name of peer far.example is down: no address to try for 'far.example': "
            "A far.example: timeout; AAAA far.example: servfail",
        )
    ]


def test_an_edge_that_ends_tells_of_no_peer_that_goes(play: Play) -> None:
    leg = Leg()
    book = play(monitored()) << forwards(leg)
    book >> Ending() >> fails(leg, 408) >> waits(0)
    assert told(book) == []


def test_names_of_peers_are_kept_resolved_and_say_who_comes_in(play: Play) -> None:
    named = NeighborZone(name="Named", peers=("imp.inside.example",), monitor=False)
    a, aaaa, leg = Captured(), Captured(), Leg()
    book = play(make_settings(rule("r", "Named", source_zone='"Named"'), (*ZONES, named)))
    book << resolves("imp.inside.example", "A", a) << resolves("imp.inside.example", "AAAA", aaaa)
    book >> Resolved(a.command.query, (AddressRecord("192.0.2.60"),), "", 300.0) >> Resolved(aaaa.command.query)
    book >> opens(20, "192.0.2.60", names=("imp.inside.example",))
    book >> arrives(request(), 20) << forwards(leg, "Named", address="192.0.2.60", peer="imp.inside.example")
    book >> answers(leg, 200, connection=20) << responds(200)
    book >> waits(301) << resolves("imp.inside.example", "A") << resolves("imp.inside.example", "AAAA")


def test_a_reload_keeps_what_is_known_of_unchanged_neighbours(play: Play) -> None:
    leg = Leg()
    settings = monitored()
    book = play(settings) << forwards(leg) >> answers(leg, 200)
    book >> ConfigChanged(settings) >> waits(10)
    book >> ConfigChanged(monitored(hop_count=20)) >> waits(1) << forwards(leg)


def test_a_person_may_ask_what_each_peer_says_to_an_options(play: Play) -> None:
    """Also of peers that are not monitored, and what comes of it counts."""
    other, one, two, leg = "198.51.100.21", Leg(), Leg(), Leg()
    settings = make_settings(zones=with_zone(ZONES, "Outside", peers=(OUTSIDE_PEER, other)))
    book = play(settings) >> ProbeAsked("Outside", 5) << forwards(one, method="OPTIONS") << forwards(two, address=other)
    book >> fails(one, 503) << probed(5, 503, address=OUTSIDE_PEER)
    book >> answers(two, 501) << probed(5, 501, address=other)
    book >> arrives(request()) << forwards(leg, address=other) >> answers(leg, 200) << responds(200)
    assert book.proxy.upkeep.probed_hops("Nowhere") == ()


def test_nobody_hears_of_the_options_that_the_edge_sends_by_itself(play: Play) -> None:
    leg = Leg()
    book = play(monitored()) << forwards(leg)
    book >> answers(leg, 200)
    assert book.drain() == []


# ---------------------------------------------------------------------------------------------------- traversal server


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
    assert told(book) == [
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


# ---------------------------------------------------------------------------------------------------- traversal client


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
    assert [level for level, _ in told(book)] == ["warning", "info"]
    assert [text for _, text in told(book)] == [f"{link} is down: refused", f"{link} is up again after 8 s"]


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


def test_a_response_to_our_own_options_is_not_forwarded(play: Play) -> None:
    leg = Leg()
    book = play(monitored()) << forwards(leg)
    book >> answers(leg, 200, connection=OUTSIDE) >> answers(leg, 200, connection=OUTSIDE, stray=True)
