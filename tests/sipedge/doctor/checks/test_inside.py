from __future__ import annotations

import pytest

from sipedge.doctor.checks.inside import check_routing_name, check_split
from sipedge.doctor.checks.result import CheckVerdict
from sipedge.doctor.facts.dns import DnsAnswer
from sipedge.doctor.facts.inside import RoutingNameFacts, SplitFacts
from zones.dns import AddressRecord, SrvRecord

DOMAIN, NAME = "example.com", "imp1-public.example.com"
SRV = f"_sipfederationtls._tcp.{DOMAIN}"
FOUND = DnsAnswer(SRV, "SRV", (SrvRecord(0, 0, 5061, "sip.example.com"),))
OTHER = DnsAnswer(SRV, "SRV", (SrvRecord(0, 0, 5061, "inside.example.com"),))
NOTHING = DnsAnswer(SRV, "SRV", error="nxdomain")
SILENT = DnsAnswer(SRV, "SRV", error="timeout")
ZONE, NO_ZONE = DnsAnswer(DOMAIN, "SOA", ("ns.example.com",)), DnsAnswer(DOMAIN, "SOA")


@pytest.mark.parametrize(
    ("outside", "inside", "zone", "own", "verdict", "words"),
    [
        (FOUND, FOUND, ZONE, False, CheckVerdict.OK, "0 0 5061 sip.example.com"),
        (NOTHING, NOTHING, ZONE, False, CheckVerdict.OK, "neither has the record"),
        (FOUND, OTHER, ZONE, True, CheckVerdict.WARNING, "inside: 0 0 5061 inside.example.com; outside: 0 0 5061 sip"),
        (NOTHING, OTHER, ZONE, False, CheckVerdict.WARNING, "outside: no such name"),
        (FOUND, NOTHING, ZONE, True, CheckVerdict.OK, "outside only"),
        (FOUND, NOTHING, NO_ZONE, False, CheckVerdict.OK, "hides nothing"),
        (FOUND, NOTHING, ZONE, False, CheckVerdict.WARNING, "an inside zone hides the record"),
    ],
)
def test_both_views(
    outside: DnsAnswer, inside: DnsAnswer, zone: DnsAnswer, own: bool, verdict: CheckVerdict, words: str
) -> None:
    result = check_split(SplitFacts(DOMAIN, outside, inside, zone), own=own)
    assert result.verdict is verdict and words in result.seen


@pytest.mark.parametrize(("outside", "inside"), [(SILENT, FOUND), (FOUND, SILENT)])
def test_a_server_that_says_nothing_contradicts_nobody(outside: DnsAnswer, inside: DnsAnswer) -> None:
    result = check_split(SplitFacts(DOMAIN, outside, inside, ZONE), own=False)
    assert result.verdict is CheckVerdict.NOT_RUN and "no answer in time" in result.reason


def routing(*pointers: DnsAnswer, address: str = "192.0.2.1") -> list[CheckVerdict]:
    answer = DnsAnswer(NAME, "A", (AddressRecord(address),) if address else ())
    return [result.verdict for result in check_routing_name(RoutingNameFacts(DOMAIN, NAME, answer, pointers))]


def test_only_a_pointer_that_leads_back_is_a_fault() -> None:
    reverse = "1.2.0.192.in-addr.arpa"
    assert routing(DnsAnswer(reverse, "PTR")) == [CheckVerdict.OK, CheckVerdict.OK]
    assert routing(DnsAnswer(reverse, "PTR", ("other.example.com",))) == [CheckVerdict.OK, CheckVerdict.OK]
    assert routing(DnsAnswer(reverse, "PTR", (NAME.upper(),))) == [CheckVerdict.OK, CheckVerdict.FAILED]
    assert routing(DnsAnswer(reverse, "PTR", error="servfail")) == [CheckVerdict.OK, CheckVerdict.NOT_RUN]
    assert routing(address="") == [CheckVerdict.FAILED, CheckVerdict.NOT_RUN]
