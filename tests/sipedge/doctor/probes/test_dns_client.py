from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from support.dns_server import DnsServer

from sipedge.doctor.facts.dns import DnsAnswer
from sipedge.doctor.facts.options import Bounds
from sipedge.doctor.probes.dns_client import DnsClient
from sipedge.settings import DnsSettings

pytestmark = pytest.mark.e2e
PATIENT = Bounds(check=1)
ZONE = """\
@ 60 IN SOA ns.example. admin. 1 2 3 4 5
@ 60 IN NS ns.example.
sip.example. 60 IN A 192.0.2.1
www.example. 90 IN CNAME sip.example.
1.2.0.192.in-addr.arpa. 60 IN PTR sip.example.
"""


def ask(question: Callable[[DnsClient], Awaitable[DnsAnswer]], bounds: Bounds = PATIENT) -> tuple[DnsAnswer, list[str]]:
    async def go() -> tuple[DnsAnswer, list[str]]:
        async with DnsServer(ZONE, ".") as server:
            client = DnsClient(DnsSettings((server.address,)), bounds)
            return await question(client), server.asked

    return asyncio.run(go())


def test_address_with_its_ttl() -> None:
    answer, _ = ask(lambda dns: dns.ask("SIP.example.", "A"))
    assert (answer.addresses, answer.ttl, answer.alias, answer.words) == (("192.0.2.1",), 60, "", "no such record")


def test_alias_is_told() -> None:
    answer, _ = ask(lambda dns: dns.ask("www.example", "A"))
    assert answer.alias == "sip.example" and answer.addresses == ("192.0.2.1",)
    without, _ = ask(lambda dns: dns.ask("www.example", "AAAA"))
    assert without.alias == "sip.example" and without.addresses == ()


def test_pointer_and_zone() -> None:
    assert ask(lambda dns: dns.pointer("192.0.2.1"))[0].texts == ("sip.example",)
    assert ask(lambda dns: dns.ask(".", "SOA"))[0].texts == ("ns.example",)


def test_what_is_not_there() -> None:
    assert ask(lambda dns: dns.ask("no.example", "A"))[0].error == "nxdomain"
    assert ask(lambda dns: dns.ask("x" * 64 + ".example", "A"))[0].error == "nxdomain"
    assert ask(lambda dns: dns.ask("a..example", "A"))[0].error == "nxdomain"


def test_equal_questions_are_asked_once() -> None:
    async def twice(dns: DnsClient) -> DnsAnswer:
        first, _ = await asyncio.gather(dns.ask("sip.example", "A"), dns.ask("SIP.EXAMPLE", "A"))
        return first

    assert ask(twice)[1] == ["sip.example A"]


def test_number_of_questions_is_bounded() -> None:
    async def many(dns: DnsClient) -> DnsAnswer:
        await asyncio.gather(*(dns.ask(f"{number}.example", "A") for number in range(5)))
        return await dns.ask("sip.example", "A")

    answer, asked = ask(many, Bounds(check=1, questions=5))
    assert answer.error == "too many questions" and answer.silent and len(asked) == 5


def test_nobody_there() -> None:
    async def go() -> DnsAnswer:
        return await DnsClient(DnsSettings(("127.0.0.1:9",)), Bounds(check=0.3)).ask("a.example", "A")

    answer = asyncio.run(go())
    assert answer.silent and answer.words in ("no answer in time", "server failure")
