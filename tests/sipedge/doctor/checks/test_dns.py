from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from sipedge.doctor.checks.dns import check_domain, check_peer, in_domain
from sipedge.doctor.checks.result import About, CheckVerdict, Result
from sipedge.doctor.facts.dns import DnsAnswer
from sipedge.doctor.facts.domain import NO_IPV6, DomainFacts, TargetFacts, choose
from zones.dns import AddressRecord, SrvRecord


@pytest.mark.parametrize(
    ("target", "inside"),
    [
        ("sip.example.com", True),
        ("SIP.Example.COM", True),
        ("example.com", False),
        ("sip.sub.example.com", False),
        ("sipexample.com", False),
        ("sip.example.com.evil.org", False),
        ("", False),
    ],
)
def test_exact_domain(target: str, inside: bool) -> None:
    assert in_domain(target, "example.com") == inside


def facts(reached: dict[str, str], *, a: str = "", aaaa: str = "", refused: tuple[str, ...] = ()) -> DomainFacts:
    chosen = SrvRecord(0, 0, 5061, "sip.example.com")
    four = DnsAnswer("sip.example.com", "A", (AddressRecord(a),) if a else (), ttl=60)
    six = DnsAnswer("sip.example.com", "AAAA", (AddressRecord(aaaa),) if aaaa else (), ttl=60)
    target = TargetFacts("sip.example.com", 5061, four, six, reached, refused)
    return DomainFacts("example.com", DnsAnswer("_sipfederationtls._tcp.example.com", "SRV", (chosen,)), chosen, target)


def judged(what: DomainFacts, *, public: bool = True) -> dict[str, Result]:
    return {one.id: one for one in check_domain(what, (), public=public)}


def test_private_address_is_a_warning_in_the_public_dns() -> None:
    inside = facts({"10.1.2.3": ""}, a="10.1.2.3")
    assert judged(inside)["dns.address-public"].verdict is CheckVerdict.WARNING
    assert judged(inside, public=False)["dns.address-public"].verdict is CheckVerdict.OK
    assert judged(facts({"8.8.8.8": ""}, a="8.8.8.8"))["dns.address-public"].verdict is CheckVerdict.OK


def test_host_without_ipv6_learns_nothing_about_an_ipv6_address() -> None:
    found = judged(facts({"2001:db8::1": NO_IPV6}, aaaa="2001:db8::1"))
    assert found["dns.reachable"].verdict is CheckVerdict.NOT_RUN and found["dns.reachable"].reason == NO_IPV6
    assert found["dns.ipv4"].verdict is CheckVerdict.WARNING


def test_address_that_nobody_looked_up() -> None:
    silent = facts({})
    assert silent.target is not None
    timeout = DnsAnswer("sip.example.com", "A", error="timeout")
    lost = DomainFacts("example.com", silent.srv, silent.chosen, TargetFacts("sip.example.com", 5061, timeout, timeout))
    found = judged(lost)
    assert found["dns.target-address"].verdict is CheckVerdict.NOT_RUN
    assert found["dns.target-address"].reason == "no answer in time"


def test_hostile_target_is_shown_without_its_control_characters() -> None:
    chosen = SrvRecord(0, 0, 5061, "evil\x1b[2J.example.com")
    answer = DnsAnswer("_sipfederationtls._tcp.example.com", "SRV", (chosen,))
    found = judged(DomainFacts("example.com", answer, chosen, TargetFacts(chosen.target, 5061)))
    assert found["dns.target-name"].verdict is CheckVerdict.FAILED
    assert all(one.seen.isprintable() for one in found.values())


def test_peer_by_address_and_peer_without_one() -> None:
    about = About('zone "IMP"', "192.0.2.1")
    good = check_peer(about, TargetFacts("192.0.2.1", 5062, reached={"192.0.2.1": ""}))
    assert [one.verdict for one in good] == [CheckVerdict.OK, CheckVerdict.OK]
    silent = DnsAnswer("imp.example", "A", error="servfail")
    unknown = check_peer(about, TargetFacts("imp.example", 5062, silent, silent))
    assert [one.verdict for one in unknown] == [CheckVerdict.NOT_RUN, CheckVerdict.NOT_RUN]


@examples(100)
@given(
    st.lists(st.builds(SrvRecord, st.integers(0, 9), st.integers(0, 9), st.integers(0, 65535), st.text(max_size=60)))
)
def test_whatever_the_records_hold(records: list[SrvRecord]) -> None:
    """Exactly one result for each check of the domain, and nothing in it that a terminal would obey."""
    answer, chosen = DnsAnswer("_sipfederationtls._tcp.example.com", "SRV", tuple(records)), choose(records)
    target = TargetFacts(chosen.target, chosen.port) if chosen else None
    results = check_domain(DomainFacts("example.com", answer, chosen, target), (), public=True)
    assert len({one.id for one in results}) == len(results) == 11
    assert all(one.seen.isprintable() and one.subject.isprintable() for one in results)
