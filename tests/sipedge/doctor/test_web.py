"""Published web services examined, with a real edge's HAProxy between the doctor and the servers behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from support.dns_server import DnsServer
from support.web_world import DISCOVER, JOIN, MEETING, SOA, World, rule, world

from sipedge.doctor import CheckVerdict, Report, examine
from sipedge.doctor.checks.result import Result
from sipedge.doctor.facts.options import Bounds, Options
from sipedge.doctor.installation import options_of
from sipedge.settings import DnsSettings
from zones.addresses import ANYWHERE

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]

OUTSIDE = SOA + f"{JOIN}. A {{0}}\n{DISCOVER}. A {{0}}\n"
SERVICE = f"_cms-web._tls.{JOIN}"


@asynccontextmanager
async def _published(names: tuple[str, ...] = (JOIN, DISCOVER)) -> AsyncIterator[World]:
    async with world(*names) as here:
        await here.bridges(1)
        director = await here.serve("director", 4443, names=["pool.inside.example.com"])
        await here.serve("plain", 8080, address=director)
        verified = 'verify_name = "pool.inside.example.com"'
        here.record(DISCOVER, "A", director)
        here.use(MEETING + rule("Director", [DISCOVER], [director], verified))
        await here.is_active()
        yield here


async def _report(here: World, outside: str = OUTSIDE) -> Report:
    """The world's own DNS is the inside view; ``outside`` is that of a stranger."""
    async with DnsServer(outside.format(here.address)) as dns:
        options: Options = replace(
            options_of(here.settings),
            domains=(),
            own_domains=(),
            dns=DnsSettings((dns.address,)),
            inside_dns=DnsSettings((here.dns.address,)),
            allowed=ANYWHERE,
            bounds=Bounds(check=5.0),
        )
        return await examine(options)


def _results(report: Report, verdict: CheckVerdict) -> dict[tuple[str, str], Result]:
    found = [result for result in report.results if result.id.startswith("web.") and result.verdict is verdict]
    return {(result.domain, result.id): result for result in found}


def test_what_is_published_as_it_should_be_passes() -> None:
    async def run() -> None:
        async with _published() as here:
            report = await _report(here)
            assert _results(report, CheckVerdict.FAILED) == _results(report, CheckVerdict.WARNING) == {}
            good = _results(report, CheckVerdict.OK)
            common = {"web.outside", "web.edge", "web.certificate", "web.behind"}
            assert {id for name, id in good if name == JOIN} == common | {"web.inside", "web.leak"}
            assert {id for name, id in good if name == DISCOVER} == common | {"web.inside", "web.discover"}
            assert good[JOIN, "web.behind"].seen == "verified as cms1.example.com"
            assert good[DISCOVER, "web.discover"].seen == "HTTP/1.1 200 OK"
            assert good[JOIN, "web.leak"].check.group == "web"

    asyncio.run(run())


def test_faults_are_told_with_what_was_seen() -> None:
    async def run() -> None:
        async with _published() as here:
            here.certify(JOIN, DISCOVER)
            here.record(SERVICE, "SRV")
            here.record(JOIN, "A", here.address)
            here.record(DISCOVER, "A", here.address)
            here.servers["director"].renew(here.issue("other.example.com"))
            here.servers["director"].fails = True
            outside = SOA + f"{JOIN}. A {{0}}\n{SERVICE}. SRV 0 0 443 cms1.example.com.\n{DISCOVER}. A 127.0.0.99\n"
            report = await _report(here, outside)
            failed = {key: result.seen for key, result in _results(report, CheckVerdict.FAILED).items()}
            assert failed[JOIN, "web.inside"] == f"{here.address}: the edge"
            assert failed[DISCOVER, "web.behind"] == "other.example.com, and not pool.inside.example.com"
            assert "refused" in failed[DISCOVER, "web.certificate"] and "refused" in failed[DISCOVER, "web.discover"]
            warned = _results(report, CheckVerdict.WARNING)
            assert set(warned) == {(JOIN, "web.leak"), (DISCOVER, "web.inside")}
            assert warned[JOIN, "web.leak"].seen == "cms1.example.com"
            assert f"Take {SERVICE} out of the outside DNS" in warned[JOIN, "web.leak"].mend

    asyncio.run(run())


def test_a_name_that_nobody_finds_is_told() -> None:
    async def run() -> None:
        async with _published() as here:
            report = await _report(here, SOA)
            failed = _results(report, CheckVerdict.FAILED)
            assert {id for name, id in failed} == {"web.outside"}
            assert failed[JOIN, "web.outside"].seen == "no such name"

    asyncio.run(run())
