"""Whole examinations of worlds without a fault, and of worlds that would keep the doctor waiting."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import replace

import dns.message
import pytest
from support.dns_server import DnsServer
from support.doctor_certificates import ca_file, make
from support.doctor_world import DOMAIN, OURS, ROUTING_NAME, SRV, TARGET, Server, World
from support.settings import make_settings, rule

from sipedge.doctor import Bounds, CallDirection, CheckVerdict, DoctorError, Options, Report, examine, parts
from sipedge.doctor.checks.table import CHECKS
from sipedge.settings import DnsSettings
from zones.zone import DnsZone, NeighborZone

pytestmark = pytest.mark.e2e


def run(world: World) -> Report:
    return asyncio.run(world.examine())


def by(report: Report, verdict: CheckVerdict) -> set[str]:
    return {one.id for one in report.results if one.verdict is verdict}


def clean(report: Report) -> bool:
    return not by(report, CheckVerdict.FAILED) | by(report, CheckVerdict.WARNING)


def one(report: Report, id: str) -> str:
    return next(result.verdict.value for result in report.results if result.id == id)


def test_healthy_world_has_a_clean_bill_and_every_result_is_in_the_table(world: World) -> None:
    report = run(world)
    assert clean(report) and report.good and report.verdict is CheckVerdict.OK
    assert by(report, CheckVerdict.NOT_RUN) == {"tls.revocation"}
    assert {result.id for result in report.results} <= CHECKS.keys()
    assert len([result for result in report.results if result.id == "tls.name"]) == 2


@pytest.mark.parametrize("direction", list(CallDirection))
def test_directions(world: World, direction: CallDirection) -> None:
    world.options["direction"] = direction
    report = run(world)
    assert clean(report)
    ids = {result.id for result in report.results}
    assert ("sip.options" in ids) == direction.inbound
    assert ("sip.from" in ids) == direction.outbound
    assert (one(report, "tls.server-auth") == "ok") == direction.inbound
    assert (one(report, "own.client-auth") == "ok") == direction.outbound


def test_without_a_client_certificate_what_needs_one_is_not_run(world: World) -> None:
    world.client = None
    world.options["own_domains"] = ()
    report = run(world)
    assert clean(report)
    assert {"tls.handshake", "sip.options", "sip.negotiate", "sip.from"} <= by(report, CheckVerdict.NOT_RUN)
    assert one(report, "tls.name") == one(report, "tls.trusted") == one(report, "tls.client-certificate") == "ok"


def test_own_domain_is_found_by_the_names_of_the_certificate(world: World) -> None:
    world.options["own_domains"] = ()
    world.servers[0].answers["OPTIONS"] = world.servers[1].answers["OPTIONS"] = 200
    assert clean(run(world))


def test_examining_the_own_domain_judges_the_own_certificate(world: World) -> None:
    world.client = make(world.authority, TARGET, names=[TARGET])
    world.options["own_domains"] = (DOMAIN,)
    report = run(world)
    assert clean(report)
    assert one(report, "sip.from") == "ok" and one(report, "tls.client-auth") == "not run"


def test_ipv6(world: World) -> None:
    world.records[f"{TARGET} AAAA"] = ["::1"]
    world.servers.append(Server("::1", world.servers[0].certificate))
    report = run(world)
    assert clean(report)
    assert "[::1]:5061" in {result.subject for result in report.results if result.id == "sip.options"}


def test_hosting_provider_may_lie_in_another_domain(world: World) -> None:
    provider = "sipfed.online.lync.com"
    world.records[f"{SRV} SRV"] = [f"100 1 5061 {provider}."]
    world.records[f"{provider} A"] = world.records.pop(f"{TARGET} A")
    world.show(world.leaf(names=[provider]))
    assert clean(run(world))


def test_inside_and_outside_that_agree(world: World) -> None:
    world.inside = {f"{SRV} SRV": [f"0 0 5061 {TARGET}."], f"{ROUTING_NAME} A": [world.block.imp]}
    world.options["routing_names"] = (ROUTING_NAME.upper() + ".",)
    report = run(world)
    assert clean(report)
    assert one(report, "dns.split") == one(report, "dns.routing-pointer") == "ok"


def test_further_services(world: World) -> None:
    for service, port in (
        ("_sips._tcp", 5061),
        ("_sip._tcp", 5060),
        ("_xmpp-server._tcp", 5269),
        ("_cms-web._tls", 443),
    ):
        world.records[f"{service}.{DOMAIN} SRV"] = [f"0 0 {port} {TARGET}."]
    world.options["services"] = tuple((name.split(f".{DOMAIN}")[0], DOMAIN) for name in world.records if "._t" in name)
    world.options["services"] = tuple(pair for pair in world.options["services"] if "federation" not in pair[0])
    report = run(world)
    assert clean(report)
    assert len([result for result in report.results if result.id == "dns.service-target"]) == 4


def test_pointer_that_nobody_answers_delays_nothing_beyond_its_limit(world: World) -> None:
    def slow(server: DnsServer) -> None:
        def misbehave(query: dns.message.Message) -> list[bytes]:
            return [] if "in-addr" in str(query.question[0]) else [server.answer(query).to_wire()]

        server.misbehave = misbehave

    world.prepare_dns = slow
    world.options |= {"routing_names": (ROUTING_NAME,), "bounds": Bounds(check=1.0)}
    begin = time.monotonic()
    report = run(world)
    assert time.monotonic() - begin < 4
    assert clean(report) and one(report, "dns.routing-pointer") == "not run"


def test_silent_dns_leaves_the_verdict_open(world: World) -> None:
    world.prepare_dns = lambda server: setattr(server, "misbehave", lambda query: [])
    world.options["bounds"] = Bounds(check=0.5)
    report = run(world)
    assert report.verdict is CheckVerdict.NOT_RUN and not report.good
    assert report.nagios()[0] == 3
    assert "dns.srv" in by(report, CheckVerdict.NOT_RUN)


def test_time_for_everything_ends_the_examination(world: World) -> None:
    world.each(speaks="silence")
    world.options["bounds"] = Bounds(check=30, whole=0.5)
    begin = time.monotonic()
    report = run(world)
    assert time.monotonic() - begin < 3
    late = [result for result in report.results if result.id == "tls.handshake"]
    assert [result.reason for result in late] == ["the time for everything was over"]
    assert one(report, "dns.srv") == "ok"
    assert report.verdict is CheckVerdict.NOT_RUN and not report.complete and not report.good


def test_many_records_are_not_followed_without_end(world: World) -> None:
    good, other = world.records[f"{SRV} SRV"], [f"9 0 5061 sip{number}.example.com." for number in range(60)]
    world.records[f"{SRV} SRV"] = [*good, *other]
    addresses = [f"127.78.{number}.1" for number in range(50)]
    world.records[f"{TARGET} A"] = addresses
    world.each(running=False)
    report = run(world)
    assert len([result for result in report.results if result.id == "dns.reachable"]) == 8
    assert by(report, CheckVerdict.WARNING) == {"dns.srv-single"} and by(report, CheckVerdict.FAILED) == {
        "dns.reachable"
    }


def test_public_ca_forecasts_both_dates(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The CA of the test is taken for one of the system's."""
    monkeypatch.setenv("SSL_CERT_FILE", world.trusted)
    report = run(world)
    assert by(report, CheckVerdict.WARNING) == {"tls.client-auth-forecast", "own.client-auth-forecast"}
    told = next(result for result in report.results if result.id == "own.client-auth-forecast")
    assert "when CAs stop on 2026-06-15" in told.seen and "when CAs stop on 2027-03-15" in told.seen
    assert told.days is not None and told.days >= 89


def test_peers_of_zones(world: World) -> None:
    world.records["imp.example.com A"] = [world.servers[0].address]
    world.show(world.leaf(names=["imp.example.com", TARGET]))
    zones = (
        NeighborZone(name="IMP", peers=("imp.example.com",)),
        NeighborZone(name="Gone", peers=("gone.example.com",)),
        DnsZone(name="Out", modify_dns_request=DOMAIN),
    )
    world.options["settings"] = make_settings(rule("in", "IMP", rf".*{ROUTING_NAME}.*") + rule("out", "Out"), zones)
    world.options["routing_names"] = (ROUTING_NAME,)
    report = run(world)
    imp = {result.id: result.verdict for result in report.results if result.domain == 'zone "IMP"'}
    assert imp["dns.peer"] is imp["tls.name"] is imp["tls.trusted"] is imp["dns.reachable"] is CheckVerdict.OK
    assert by(report, CheckVerdict.FAILED) == {"dns.peer"}
    assert one(report, "sip.notify-return") == one(report, "dns.service") == "ok"


def test_peer_with_another_name_fails_by_name(world: World) -> None:
    zone = NeighborZone(name="IMP", peers=(world.servers[0].address,))
    zone = replace(zone, tls=replace(zone.tls, subject_names=("imp.example.com",)))
    world.options["settings"] = make_settings("", (zone,))
    report = run(world)
    failed = [(result.id, result.domain) for result in report.results if result.verdict is CheckVerdict.FAILED]
    assert failed == [("tls.name", 'zone "IMP"')]


def test_progress_tells_each_part(world: World) -> None:
    told: list[tuple[str, int, int]] = []

    async def go() -> None:
        async with AsyncExitStack() as stack:
            await examine(await world.start(stack), lambda *what: told.append(what))

    asyncio.run(go())
    assert {name for name, _, _ in told} == {"this side", DOMAIN, OURS}
    assert told[-1][1:] == (3, 3)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (Options(domains=("no domain",)), "is no domain name"),
        (Options(domains=("x" * 300,)), "is no domain name"),
        (Options(domains=("example.com",), trusted="/nonexistent.pem"), "No such file"),
    ],
)
def test_options_that_cannot_work(options: Options, words: str) -> None:
    with pytest.raises(DoctorError, match=words):
        asyncio.run(examine(replace(options, dns=DnsSettings(("127.0.0.1:9",)))))


def test_ca_file_without_a_ca(world: World) -> None:
    world.trusted = ca_file(world.folder)
    world.each(mutual=False)
    with pytest.raises(DoctorError, match="holds no trusted CA"):
        run(world)


def test_names_are_written_in_one_way(world: World) -> None:
    world.options["domains"] = (f"{DOMAIN.upper()}.", DOMAIN)
    report = run(world)
    assert len([result for result in report.results if result.id == "dns.srv"]) == 1


def test_what_trips_the_doctor_takes_one_part_down_only(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RecursionError

    monkeypatch.setattr(parts, "check_endpoint", broken)
    report = run(world)
    assert one(report, "dns.srv") == one(report, "own.files") == "ok"
    reasons = {result.reason for result in report.results if result.id == "tls.name"}
    assert reasons == {"the doctor itself failed: RecursionError"}
    assert f"the doctor failed on {DOMAIN}" in caplog.text
