"""The resolver against a server on loopback that tells the truth, lies, stutters or says nothing."""

from __future__ import annotations

import asyncio

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from support.connections import Run
from support.dns_server import Answer, DnsServer

import sipedge.network.resolver
from sipedge.network.look_ups.slots import DOMAIN, SILENT
from sipedge.network.resolver import LONGEST_STALE, MAX_RECORDS, STALE_TTL, Resolver, ResolverError, dns_resolver
from sipedge.proxy.commands import Asker as Source
from sipedge.proxy.events import Resolved
from sipedge.settings import DnsSettings
from zones.dns import AddressRecord, NaptrRecord, SrvRecord

pytestmark = pytest.mark.e2e
ZONE = """
@                        300 IN SOA  ns admin 1 3600 600 86400 30
@                        120 IN NAPTR 50 50 "s" "SIPS+D2T" "" _sips._tcp.example.com.
_sipfederationtls._tcp   300 IN SRV 10 60 5061 sip
_sipfederationtls._tcp   300 IN SRV 20 0 5062 Other.Example.Org.
_sips._tcp               300 IN SRV 0 0 0 .
sip                       60 IN A 192.0.2.1
sip                       60 IN A 192.0.2.2
sip                       60 IN AAAA 2001:DB8::1
alias                     10 IN CNAME sip
brief                      0 IN A 192.0.2.3
"""
GREEDY = Source("Default Zone", "192.0.2.1")


class Asker:
    """A resolver and what it told; ``async with``."""

    def __init__(self, *servers: str, timeout: float = 0.3, attempts: int = 1, cache: int = 100) -> None:
        self.told: list[Resolved] = []
        self.now = 1000.0
        settings = DnsSettings(servers, timeout, attempts, cache)
        self.resolver = Resolver(settings, self._tell, clock=lambda: self.now)
        self._changed = asyncio.Event()

    async def __aenter__(self) -> Asker:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.resolver.aclose()

    async def ask(self, name: str, kind: str) -> Resolved:
        query = len(self.told) + 1
        self.resolver.resolve(query, name, kind)
        await self.until(query)
        assert self.told[-1].query == query
        return self.told[-1]

    async def until(self, count: int) -> None:
        async with asyncio.timeout(15):
            while len(self.told) < count:
                self._changed.clear()
                await self._changed.wait()

    def _tell(self, resolved: Resolved) -> None:
        self.told.append(resolved)
        self._changed.set()


def without(domain: str) -> Answer:
    """No answer to questions about names below ``domain``; nothing else is asked."""
    server = DnsServer(ZONE)

    def answer(query: dns.message.Message) -> list[bytes]:
        dead = query.question[0].name.to_text(True).endswith(domain)
        return [] if dead else [server.answer(query).to_wire()]

    return answer


def test_records(run: Run) -> None:
    async def test() -> None:
        async with DnsServer(ZONE) as server, Asker(server.address) as asker:
            found = await asker.ask("_sipfederationtls._tcp.example.com", "SRV")
            assert sorted(found.records, key=str) == [
                SrvRecord(10, 60, 5061, "sip.example.com"),
                SrvRecord(20, 0, 5062, "Other.Example.Org"),
            ]
            assert found.error == "" and found.ttl == 300
            declined = await asker.ask("_sips._tcp.example.com", "SRV")
            assert declined.records == (SrvRecord(0, 0, 0, "."),)
            naptr = await asker.ask("example.com", "NAPTR")
            assert naptr.records == (NaptrRecord(50, 50, "s", "SIPS+D2T", "_sips._tcp.example.com"),)
            four = await asker.ask("SIP.example.COM.", "A")
            assert sorted(four.records, key=str) == [AddressRecord("192.0.2.1"), AddressRecord("192.0.2.2")]
            six = await asker.ask("sip.example.com", "AAAA")
            assert six.records == (AddressRecord("2001:db8::1"),)

    run(test)


def test_alias(run: Run) -> None:
    async def test() -> None:
        async with DnsServer(ZONE) as server, Asker(server.address) as asker:
            found = await asker.ask("alias.example.com", "A")
            assert len(found.records) == 2 and found.ttl <= 10

    run(test)


def test_nothing_there(run: Run) -> None:
    """No such name and no such record are told apart, and kept as long as the SOA says, not longer."""

    async def test() -> None:
        async with DnsServer(ZONE) as server, Asker(server.address) as asker:
            for _ in range(2):
                missing = await asker.ask("missing.example.com", "SRV")
                assert (missing.records, missing.error) == ((), "nxdomain") and missing.ttl == 30
                empty = await asker.ask("sip.example.com", "SRV")
                assert (empty.records, empty.error) == ((), "") and empty.ttl == 30
            assert server.asked == ["missing.example.com SRV", "sip.example.com SRV"]

    run(test)


def test_negative_answers_without_soa_are_not_kept_for_ever(run: Run) -> None:
    async def test() -> None:
        async with DnsServer("sip 60 IN A 192.0.2.1") as server, Asker(server.address) as asker:
            assert (await asker.ask("missing.example.com", "A")).ttl <= 60
            assert (await asker.ask("sip.example.com", "SRV")).ttl <= 60

    run(test)


def test_cache_and_single_flight(run: Run) -> None:
    async def test() -> None:
        async with DnsServer(ZONE) as server, Asker(server.address) as asker:
            for query in range(1, 6):
                asker.resolver.resolve(query, "sip.example.com", "A")
            assert asker.told == []
            await asker.until(5)
            assert [told.query for told in asker.told] == [1, 2, 3, 4, 5] and len(server.asked) == 1
            asker.now += 59
            asker.resolver.resolve(6, "sip.example.com", "A")
            assert len(asker.told) == 5
            await asker.until(6)
            assert len(server.asked) == 1 and asker.told[-1].ttl == 1
            asker.now += 1
            await asker.ask("sip.example.com", "A")
            assert len(server.asked) == 2
            asker.resolver.forget()
            await asker.ask("sip.example.com", "A")
            assert len(server.asked) == 3

    run(test)


def test_the_cache_is_bounded(run: Run) -> None:
    async def test() -> None:
        async with DnsServer(ZONE) as server, Asker(server.address, cache=3) as asker:
            for name in "abcdefgh":
                await asker.ask(f"{name}.example.com", "A")
            for name in "fgh":
                await asker.ask(f"{name}.example.com", "A")
            assert len(server.asked) == 8
            await asker.ask("e.example.com", "A")
            assert len(server.asked) == 9

    run(test)


def test_a_zero_ttl_does_not_make_a_storm(run: Run) -> None:
    async def test() -> None:
        async with DnsServer(ZONE) as server, Asker(server.address) as asker:
            for _ in range(20):
                await asker.ask("brief.example.com", "A")
            assert len(server.asked) == 1

    run(test)


def test_silence(run: Run) -> None:
    async def test() -> None:
        async with DnsServer(ZONE) as server, Asker(server.address, timeout=0.2, attempts=2) as asker:
            server.misbehave = lambda query: []
            begin = asyncio.get_running_loop().time()
            assert (await asker.ask("sip.example.com", "A")).error == "timeout"
            assert asyncio.get_running_loop().time() - begin < 2
            assert len(server.asked) >= 2

    run(test)


def test_the_second_server_answers(run: Run) -> None:
    async def test() -> None:
        async with (
            DnsServer(ZONE) as mute,
            DnsServer(ZONE) as server,
            Asker(mute.address, server.address, timeout=0.2, attempts=3) as asker,
        ):
            mute.misbehave = lambda query: []
            assert len((await asker.ask("sip.example.com", "A")).records) == 2

    run(test)


def test_lies_before_the_answer(run: Run) -> None:
    """Garbage, another id, another question, a query: all ignored, the true answer counts."""

    async def test() -> None:
        async with DnsServer(ZONE) as server, Asker(server.address, timeout=2) as asker:

            def answer(query: dns.message.Message) -> list[bytes]:
                true = server.answer(query)
                other_id = server.answer(query)
                other_id.id = query.id ^ 1
                lie = dns.rrset.from_text("sip.example.com.", 60, "IN", "A", "203.0.113.66")
                other_id.answer = [lie]
                other = dns.message.make_response(dns.message.make_query("other.example.com.", "A", id=query.id))
                other.answer = [lie]
                wires = [true, other_id, other]
                honest, *lies = (each.to_wire() for each in wires)
                return [b"", b"garbage", honest[:11], honest[:30], *lies, query.to_wire(), honest]

            server.misbehave = answer
            found = await asker.ask("sip.example.com", "A")
            assert sorted(map(str, found.records)) == [
                "AddressRecord(address='192.0.2.1')",
                "AddressRecord(address='192.0.2.2')",
            ]

    run(test)


def test_only_lies(run: Run) -> None:
    async def test() -> None:
        async with DnsServer(ZONE) as server, Asker(server.address) as asker:
            server.misbehave = lambda query: [b"garbage", b"\xff" * 500]
            assert (await asker.ask("sip.example.com", "A")).error == "timeout"

    run(test)


def test_server_failure_is_kept_for_a_moment(run: Run) -> None:
    async def test() -> None:
        async with DnsServer(ZONE) as server, Asker(server.address) as asker:

            def fail(query: dns.message.Message) -> list[bytes]:
                reply = dns.message.make_response(query)
                reply.set_rcode(dns.rcode.SERVFAIL)
                return [reply.to_wire()]

            server.misbehave = fail
            for _ in range(5):
                assert (await asker.ask("sip.example.com", "A")).error == "servfail"
            assert len(server.asked) == 1

    run(test)


def test_truncated_answers_come_over_tcp(run: Run) -> None:
    async def test() -> None:
        many = "\n".join(f"many 60 IN A 192.0.2.{number}" for number in range(200))
        async with DnsServer(many) as server, Asker(server.address) as asker:
            server.truncate = True
            found = await asker.ask("many.example.com", "A")
            assert len(found.records) == MAX_RECORDS and server.asked == ["many.example.com A"] * 2

    run(test)


@pytest.mark.parametrize(
    "name", ["x" * 64 + ".example.com", "a..b", ".".join(["x" * 60] * 5), "\udcff.example.com", ""]
)
def test_names_that_cannot_be_asked(run: Run, name: str) -> None:
    async def test() -> None:
        async with DnsServer(ZONE) as server, Asker(server.address) as asker:
            found = await asker.ask(name, "A")
            assert found.records == () and (found.error or name == "")

    run(test)


def test_other_kinds_are_not_asked(run: Run) -> None:
    async def test() -> None:
        async with DnsServer(ZONE) as server, Asker(server.address) as asker:
            assert (await asker.ask("1.2.0.192.in-addr.arpa", "PTR")).error == "servfail"
            assert server.asked == []

    run(test)


def test_so_many_at_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """An asker leaves as many slots and places in the queue as it takes; what finds none of them is told at once."""
    monkeypatch.setattr(sipedge.network.resolver, "AT_ONCE", 4)
    monkeypatch.setattr(sipedge.network.resolver, "WAITING", 10)

    async def test() -> None:
        async with DnsServer(ZONE) as server, Asker(server.address, timeout=5) as asker:
            server.misbehave = lambda query: []
            for query in range(9):
                asker.resolver.resolve(query, f"n{query}.example{query}.com", "A", GREEDY)
            await asker.until(2)
            assert [told.error for told in asker.told] == ["busy", "busy"]
            await server.until(2)
            assert asker.resolver.under_way == {"asked": 2, "waiting": 5}
            server.misbehave = None
            asker.resolver.resolve(9, "sip.example.com", "A", Source("Inside", "192.0.2.2"))
            await asker.until(3)
            assert (asker.told[-1].query, len(asker.told[-1].records)) == (9, 2)
            assert asker.resolver.spared == {"queue full": 2}

    run(test)


def test_names_in_a_dead_zone_do_not_hold_up_others_of_the_same_sender(run: Run) -> None:
    async def test() -> None:
        async with DnsServer(ZONE) as server, Asker(server.address, timeout=5) as asker:
            server.misbehave = without("dead.example")
            for query in range(200):
                asker.resolver.resolve(query, f"n{query}.dead.example", "A", GREEDY)
            asker.resolver.resolve(1000, "sip.example.com", "A", GREEDY)
            await asker.until(1)
            assert (asker.told[0].query, len(asker.told[0].records)) == (1000, 2)
            await server.until(DOMAIN + 1)
            assert asker.resolver.under_way == {"asked": DOMAIN, "waiting": 200 - DOMAIN}

    run(test)


def test_nobody_waits_in_the_queue_for_ever(run: Run) -> None:
    async def test() -> None:
        async with DnsServer(ZONE) as server, Asker(server.address, timeout=0.2) as asker:
            server.misbehave = lambda query: []
            for query in range(30):
                asker.resolver.resolve(query, f"n{query}.example.com", "A", GREEDY)
            await asker.until(30)
            errors = [told.error for told in asker.told]
            assert set(errors) == {"timeout", "busy"}
            assert errors.count("busy") >= 30 - DOMAIN - SILENT

    run(test)


def test_a_host_that_was_silent_is_asked_less_and_less_often(run: Run) -> None:
    async def test() -> None:
        async with DnsServer(ZONE) as server, Asker(server.address, timeout=0.1) as asker:
            server.misbehave = lambda query: []
            for asked, passed in ((1, 0.0), (1, 1.9), (2, 0.2), (2, 3.9), (3, 0.2)):
                asker.now += passed
                assert (await asker.ask("_sip._tcp.example.com", "SRV")).error == "timeout"
                assert (await asker.ask("example.com", "NAPTR")).error == "timeout"
                assert len(server.asked) == asked
            server.misbehave = None
            asker.now += 8
            assert (await asker.ask("example.com", "NAPTR")).records != ()

    run(test)


def test_the_last_answer_stands_in_while_the_servers_are_silent(run: Run) -> None:
    async def test() -> None:
        async with DnsServer(ZONE) as server, Asker(server.address, timeout=0.1) as asker:
            assert len((await asker.ask("sip.example.com", "A")).records) == 2
            server.misbehave = lambda query: []
            asker.now += 60
            for asked in (2, 2):
                old = await asker.ask("sip.example.com", "A")
                assert (len(old.records), old.error, old.ttl) == (2, "", STALE_TTL)
                assert len(server.asked) == asked
            asker.resolver.forget()
            assert len((await asker.ask("sip.example.com", "A")).records) == 2 and len(server.asked) == 3
            asker.now += LONGEST_STALE
            assert (await asker.ask("sip.example.com", "A")).error == "timeout"

    run(test)


@pytest.mark.parametrize("server", ["dns.example.com", "192.0.2.1:x", "[::1", "192.0.2.1:0", ""])
def test_settings_that_cannot_work(run: Run, server: str) -> None:
    async def test() -> None:
        with pytest.raises(ResolverError):
            Asker(server)

    run(test)


def test_servers_with_and_without_port() -> None:
    resolver = dns_resolver(DnsSettings(("192.0.2.1", "192.0.2.1:5353", "2001:db8::1", "[2001:db8::1]:5353")))
    servers = [(each.address, each.port) for each in resolver.nameservers]
    assert servers == [("192.0.2.1", 53), ("192.0.2.1", 5353), ("2001:db8::1", 53), ("2001:db8::1", 5353)]
