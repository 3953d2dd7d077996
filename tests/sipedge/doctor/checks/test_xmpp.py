"""Verdicts on XMPP domains that no server at hand gives cause for."""

from __future__ import annotations

from datetime import UTC, datetime

from sipedge.doctor.checks.result import CheckVerdict
from sipedge.doctor.checks.xmpp import check_xmpp
from sipedge.doctor.facts.dns import DnsAnswer
from sipedge.doctor.facts.domain import TargetFacts
from sipedge.doctor.facts.endpoint import Handshake
from sipedge.doctor.facts.xmpp import StreamFacts, XmppDomain, XmppFacts
from zones.dns import SrvRecord

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DOMAIN = XmppDomain("a.example")
NAME = "_xmpp-server._tcp.a.example"


def _verdicts(facts: XmppFacts) -> dict[str, CheckVerdict]:
    return {result.id: result.verdict for result in check_xmpp(facts, NOW, chain_counts=True)}


def _seen(facts: XmppFacts) -> dict[str, str]:
    return {result.id: result.seen for result in check_xmpp(facts, NOW, chain_counts=True)}


def _with(stream: StreamFacts) -> XmppFacts:
    answer = DnsAnswer(NAME, "SRV", (SrvRecord(0, 0, 5269, "x.a.example"),))
    return XmppFacts(DOMAIN, answer, (TargetFacts("x.a.example", 5269, reached={"192.0.2.1": ""}),), (stream,))


def test_a_silent_dns_says_nothing_about_the_domain() -> None:
    verdicts = _verdicts(XmppFacts(DOMAIN, DnsAnswer(NAME, "SRV", error="timeout")))
    assert set(verdicts.values()) == {CheckVerdict.NOT_RUN} and len(verdicts) == 11


def test_a_domain_that_wants_no_federation_is_told_so() -> None:
    facts = XmppFacts(DOMAIN, DnsAnswer(NAME, "SRV", (SrvRecord(0, 0, 0, "."),)))
    assert "no federation" in _seen(facts)["xmpp.srv"]


def test_dialback_that_is_only_declared_counts_unless_external_is_what_is_offered() -> None:
    shaken = Handshake("", (), "TLSv1.3", "suite")
    declared = StreamFacts("192.0.2.1", 5269, "", True, False, shaken, "declared")
    assert _verdicts(_with(declared))["xmpp.dialback"] is CheckVerdict.OK
    external = StreamFacts("192.0.2.1", 5269, "", True, False, shaken, "declared", external=True)
    assert _verdicts(_with(external))["xmpp.dialback"] is CheckVerdict.WARNING


def test_a_server_that_refuses_behind_tls_is_not_blamed_for_dialback() -> None:
    shaken = Handshake("", (), "TLSv1.3", "suite")
    refused = StreamFacts(
        "192.0.2.1", 5269, "", True, True, shaken, refusal="the server ends the stream: policy-violation"
    )
    assert _verdicts(_with(refused))["xmpp.dialback"] is CheckVerdict.NOT_RUN


def test_an_address_that_must_not_be_connected_to_fails() -> None:
    answer = DnsAnswer(NAME, "SRV", (SrvRecord(0, 0, 5269, "x.a.example"),))
    verdicts = _verdicts(XmppFacts(DOMAIN, answer, (TargetFacts("x.a.example", 5269, refused=("127.0.0.1",)),)))
    assert verdicts["xmpp.address"] is CheckVerdict.FAILED and verdicts["xmpp.stream"] is CheckVerdict.NOT_RUN
