from __future__ import annotations

import asyncio

import dns.asyncquery
import dns.flags
import dns.message
import dns.rcode
import pytest

from sipedge.lab.parties.dns_server import ServedZone, answer_wire, start

SRV = "_sipfederationtls._tcp.example.com"
RECORDS = {
    SRV: {"SRV": ["10 20 5061 sip.example.com."]},
    "sip.example.com": {"A": ["127.0.0.9", "127.0.0.8"]},
}


def ask(zone: ServedZone, name: str, kind: str) -> dns.message.Message:
    wire = answer_wire(zone, dns.message.make_query(name, kind).to_wire())
    assert wire is not None
    return dns.message.from_wire(wire)


def test_srv_with_the_addresses_of_its_target() -> None:
    answer = ask(ServedZone(RECORDS), SRV, "SRV")
    assert answer.flags & dns.flags.AA
    assert [item.to_text() for item in answer.answer[0]] == ["10 20 5061 sip.example.com."]
    assert answer.additional[0].name.to_text() == "sip.example.com."


def test_names_compare_without_case() -> None:
    answer = ask(ServedZone(RECORDS), "SIP.Example.COM", "A")
    assert sorted(item.to_text() for item in answer.answer[0]) == ["127.0.0.8", "127.0.0.9"]


def test_unknown_name_and_unknown_type() -> None:
    zone = ServedZone(RECORDS)
    assert ask(zone, "other.example.com", "A").rcode() == dns.rcode.NXDOMAIN
    answer = ask(zone, "sip.example.com", "AAAA")
    assert answer.rcode() == dns.rcode.NOERROR and not answer.answer


def test_a_record_can_be_changed_and_taken_away() -> None:
    zone = ServedZone(RECORDS)
    zone.set(SRV, "SRV", ["10 20 5061 sip.sub.example.com."])
    assert "sip.sub.example.com." in ask(zone, SRV, "SRV").answer[0].to_text()
    zone.set(SRV, "SRV", [])
    assert ask(zone, SRV, "SRV").rcode() == dns.rcode.NXDOMAIN


def test_nonsense_gets_no_answer_and_no_harm() -> None:
    assert answer_wire(ServedZone(RECORDS), b"\0\1\2") is None


def test_a_query_without_question_is_a_format_error() -> None:
    wire = answer_wire(ServedZone(RECORDS), dns.message.Message(id=7).to_wire())
    assert wire is not None and dns.message.from_wire(wire).rcode() == dns.rcode.FORMERR


@pytest.mark.e2e
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_over_the_network(transport: str) -> None:
    async def scenario() -> dns.message.Message:
        udp, tcp = await start(ServedZone(RECORDS), "127.0.0.1", 0)
        query = dns.message.make_query("sip.example.com", "A")
        try:
            if transport == "udp":
                port = udp.get_extra_info("sockname")[1]
                return await dns.asyncquery.udp(query, "127.0.0.1", 3, port)
            return await dns.asyncquery.tcp(query, "127.0.0.1", 3, tcp.sockets[0].getsockname()[1])
        finally:
            udp.close()
            tcp.close()

    assert len(asyncio.run(scenario()).answer[0]) == 2
