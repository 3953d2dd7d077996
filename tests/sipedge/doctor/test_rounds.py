from __future__ import annotations

import asyncio
import logging

import pytest
from support.dns_server import DnsServer

from sipedge.doctor import Bounds, Options, Report
from sipedge.doctor.rounds import rounds
from sipedge.settings import DnsSettings

pytestmark = pytest.mark.e2e


def test_each_round_is_told_and_a_fault_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    async def go() -> list[Report]:
        told: list[Report] = []
        enough = asyncio.Event()

        def tell(report: Report) -> None:
            told.append(report)
            if len(told) == 3:
                enough.set()

        async with DnsServer("@ 60 IN SOA ns. admin. 1 2 3 4 5\n@ 60 IN NS ns.\n", ".") as server:
            options = Options(("example.com",), dns=DnsSettings((server.address,)), bounds=Bounds(check=2))
            tasks = [asyncio.create_task(rounds(what, 0.0, tell)) for what in (Options(("no name",)), options)]
            await asyncio.wait_for(enough.wait(), 10)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return told

    with caplog.at_level(logging.INFO, "sipedge.doctor"):
        told = asyncio.run(go())
    assert [report.good for report in told] == [False] * 3
    lines = [record.getMessage() for record in caplog.records]
    assert "the doctor cannot examine: 'no name' is no domain name" in lines
    assert len([line for line in lines if line.startswith("dns.srv example.com")]) == 1
