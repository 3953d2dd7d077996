"""Observers with the real parts of an edge that serves nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from support.dns_server import DnsServer
from support.processes import fresh_address
from support.settings import make_settings
from support.tapped import entry

from sipedge.edge import observers
from sipedge.edge.observers import Observers
from sipedge.network.connections import Connections
from sipedge.network.resolver import Resolver
from sipedge.network.revocation import Revocations
from sipedge.network.tls import TlsContexts
from sipedge.pjsip.stack import Stack
from sipedge.proxy.incoming import Environment
from sipedge.proxy.proxy import Proxy
from sipedge.settings import DnsSettings, DoctorSettings, Hep, Limits, Log, MetricsSettings, Settings, Tls
from zones.zone import DnsZone

pytestmark = pytest.mark.e2e

LIMIT = 10.0
SETTINGS = make_settings()
Test = Callable[[Callable[[Settings], Observers]], Awaitable[None]]


def _run(test: Test) -> None:
    """``test`` is given what makes observers of an edge's parts; all of it is ended behind it."""

    async def run() -> None:
        stack = Stack(
            emit=lambda event: None,
            send=lambda connection, data: None,
            may_answer=lambda branch, connection: False,
            max_message=65536,
            max_transactions=10,
            max_transactions_per_connection=10,
        )
        proxy = Proxy(SETTINGS, Environment(lambda: "id", lambda: 0.5, bytes, {}))
        connections = Connections(
            limits=Limits(),
            tls=TlsContexts(Tls(), [], []),
            egress=proxy.egress,
            revocations=Revocations(()),
            on_opened=lambda event: None,
            on_message=lambda connection, message: None,
            on_read=lambda: None,
            on_malformed=lambda connection, error: None,
            on_failed=lambda event: None,
            on_closed=lambda event, unsent: None,
            is_used=lambda connection: False,
            is_owed=lambda connection: False,
            retire_within=180.0,
        )
        resolver = Resolver(DnsSettings(("127.0.0.1",)), lambda event: None)
        made: list[Observers] = []

        def make(settings: Settings) -> Observers:
            made.append(Observers(settings, proxy, stack, connections, lambda: resolver))
            return made[-1]

        try:
            await test(make)
        finally:
            for observers in made:
                await observers.aclose()
            await resolver.aclose()
            await connections.aclose()
            stack.shutdown()

    asyncio.run(run())


async def _metrics(listen: str) -> list[str]:
    def get() -> list[str]:
        with urlopen(f"http://{listen}/metrics", timeout=LIMIT) as response:
            return response.read().decode().splitlines()  # type: ignore[no-any-return]

    return await asyncio.to_thread(get)


def test_without_settings_there_is_nothing() -> None:
    async def test(make: Callable[[Settings], Observers]) -> None:
        observers = make(SETTINGS)
        assert observers.tap is None
        assert observers.metrics is None

    _run(test)


def test_metrics_come_and_go_with_a_reload() -> None:
    one, two = f"{fresh_address()}:9100", f"{fresh_address()}:9100"

    async def test(make: Callable[[Settings], Observers]) -> None:
        observers = make(SETTINGS)
        await observers.reload(await observers.open(replace(SETTINGS, metrics=MetricsSettings(one))))
        assert observers.tap is not None
        observers.tap.concluded(entry())
        assert 'sipedge_decisions_total{by="refused",outcome="2xx",rule=""} 1.0' in await _metrics(one)
        await observers.reload(await observers.open(replace(SETTINGS, metrics=MetricsSettings(two))))
        assert 'sipedge_decisions_total{by="refused",outcome="2xx",rule=""} 1.0' in await _metrics(two)
        await observers.reload(await observers.open(SETTINGS))
        assert observers.tap is None
        for listen in (one, two):
            with pytest.raises(URLError):
                await _metrics(listen)

    _run(test)


def test_doctor_examines_and_its_findings_are_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observers, "FIRST_EXAMINATION", 0.0)
    listen = f"{fresh_address()}:9100"

    async def test(make: Callable[[Settings], Observers]) -> None:
        async with DnsServer("@ 60 IN SOA ns. admin. 1 2 3 4 5\n@ 60 IN NS ns.\n", ".") as dns:
            doctor, servers = DoctorSettings(interval=3600), DnsSettings((dns.address,))
            examined = make(
                replace(
                    SETTINGS, zones=(DnsZone(name="Out"),), doctor=doctor, dns=servers, metrics=MetricsSettings(listen)
                )
            )
            async with asyncio.timeout(LIMIT):
                while examined.report is None:
                    await asyncio.sleep(0.01)
            lines = [line for line in await _metrics(listen) if line.startswith("sipedge_doctor_verdict")]
            labels = 'check="dns.srv",domain="inside.example",subject="_sipfederationtls._tcp.inside.example"'
            assert lines == [f"sipedge_doctor_verdict{{{labels}}} 2.0"]
            await examined.reload(await examined.open(replace(SETTINGS, metrics=MetricsSettings(listen))))
            assert not any("sipedge_doctor" in line for line in await _metrics(listen))

    _run(test)


def test_what_cannot_be_opened_for_a_reload_changes_nothing(tmp_path: Path) -> None:
    listen = f"{fresh_address()}:9100"
    good = replace(SETTINGS, log=Log(decisions=str(tmp_path / "decisions")))
    collector = Hep("127.0.0.1", 1, "TCP")

    async def test(make: Callable[[Settings], Observers]) -> None:
        make(replace(SETTINGS, metrics=MetricsSettings(listen)))
        observers = make(replace(good, log=replace(good.log, hep=collector)))
        for settings, said in (
            (
                replace(good, metrics=MetricsSettings(listen), places={"metrics.listen": "edge.toml:9"}),
                rf"^\[metrics\] listen \(edge.toml:9\): {listen} is in use$",
            ),
            (replace(SETTINGS, log=Log(messages=str(tmp_path))), f"messages file {tmp_path}: Is a directory"),
            (replace(good, log=replace(good.log, hep=replace(collector, port=2))), "127.0.0.1:2: Connection refused"),
        ):
            with pytest.raises(OSError, match=said):
                await observers.open(settings)
        (await observers.open(replace(good, log=replace(good.log, hep=collector)))).close()  # it is not there as before
        assert observers.tap is not None
        observers.tap.concluded(entry())

    _run(test)
    assert (tmp_path / "decisions").read_text().count("\n") == 1


def test_at_the_start_what_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    async def test(make: Callable[[Settings], Observers]) -> None:
        with pytest.raises(OSError):
            make(replace(SETTINGS, log=Log(decisions=str(tmp_path))))

    _run(test)
