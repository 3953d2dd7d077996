"""Lists that certificates name, fetched from a server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.certificates import Ca, make_ca, revoke
from support.connections import Run
from support.dns_server import DnsServer
from support.http_server import HttpServer

from sipedge.network import crl_fetching
from sipedge.network.crl_fetching import CrlFetcher
from sipedge.settings import DnsSettings
from zones.addresses import PUBLIC, Allowed

pytestmark = pytest.mark.e2e


@pytest.fixture
def own(tmp_path: Path) -> Ca:
    return make_ca(tmp_path)


class Fetching:
    """A fetcher, the server that it asks, and how often a list came."""

    def __init__(self, allowed: Allowed) -> None:
        self.fetcher = CrlFetcher(self._came)
        self.fetcher.follow(DnsSettings(("127.0.0.1:1",), timeout=0.1, attempts=1), allowed)
        self.server = HttpServer()
        self.came = 0
        self._changed = asyncio.Event()

    def entries(self, *paths: str) -> list[int]:
        urls = [path if "://" in path else self.server.url(path) for path in paths]
        return [len(each.serials) for each in self.fetcher.lists(urls)]

    async def until(self, came: int) -> None:
        async with asyncio.timeout(10):
            while self.came < came:
                self._changed.clear()
                await self._changed.wait()

    def _came(self, url: str) -> None:
        self.came += 1
        self._changed.set()


@asynccontextmanager
async def fetching(allowed: Allowed | None = None) -> AsyncIterator[Fetching]:
    made = Fetching(allowed or Allowed(loopback=True))
    async with made.server:
        try:
            yield made
        finally:
            await made.fetcher.aclose()


async def logged(caplog: pytest.LogCaptureFixture, text: str) -> None:
    async with asyncio.timeout(10):
        while not any(text in line for line in caplog.messages):
            await asyncio.sleep(0.005)


def test_a_list_is_fetched_once_and_kept(run: Run, own: Ca) -> None:
    async def test() -> None:
        async with fetching() as it:
            it.server.answers["/a.crl"] = revoke(own, 1, 2).read_bytes()
            assert it.entries("/a.crl") == it.entries("/a.crl") == []
            await it.until(1)
            assert it.entries("/a.crl") == [2]
            assert len(it.server.asked) == 1

    run(test)


def test_a_list_is_fetched_again_and_the_old_one_stays_meanwhile(
    run: Run, own: Ca, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(crl_fetching, "FETCH_AGAIN", 0.0)
    monkeypatch.setattr(crl_fetching, "AFTER_FAILURE", 0.0)

    async def test() -> None:
        async with fetching() as it:
            it.server.answers["/a.crl"] = revoke(own, 1).read_bytes()
            it.entries("/a.crl")
            await it.until(1)
            it.server.answers["/a.crl"] = revoke(own, 1, 2).read_bytes()
            assert it.entries("/a.crl") == [1]
            await it.until(2)
            del it.server.answers["/a.crl"]
            assert it.entries("/a.crl") == [2]
            await logged(caplog, "no revocation list: answers 404")
            assert it.entries("/a.crl") == [2]

    run(test)


def test_a_list_that_another_worker_has_is_fetched_unless_the_one_that_is_here_is_of_its_time(
    run: Run, own: Ca
) -> None:
    async def test() -> None:
        async with fetching() as it:
            it.server.answers["/a.crl"] = revoke(own, 1).read_bytes()
            url = it.server.url("/a.crl")
            it.fetcher.want(url, datetime.now(UTC))
            await it.until(1)
            assert it.entries("/a.crl") == [1]
            (begins,) = it.fetcher.fetched().values()
            it.fetcher.want(url, begins)
            assert len(it.server.asked) == 1
            it.server.answers["/a.crl"] = revoke(own, 1, 2).read_bytes()
            it.fetcher.want(url, begins + timedelta(seconds=1))
            await it.until(2)
            assert it.entries("/a.crl") == [2]

    run(test)


def test_lists_that_another_worker_has_wait_for_their_turn(run: Run, own: Ca) -> None:
    """No more are fetched at once, and no more are remembered."""

    async def test() -> None:
        async with fetching() as it:
            paths = [f"/{number}.crl" for number in range(crl_fetching.MOST + 10)]
            it.server.answers.update(dict.fromkeys(paths, revoke(own, 1).read_bytes()))
            for path in paths:
                it.fetcher.want(it.server.url(path), datetime.now(UTC))
            assert len(it.fetcher._tasks) == crl_fetching.AT_ONCE
            await it.until(crl_fetching.MOST + crl_fetching.AT_ONCE)  # those at once are forgotten before they come
            assert list(it.fetcher.fetched()) == [it.server.url(path) for path in paths[10:]]

    run(test)


@pytest.mark.parametrize(
    ("body", "reason"),
    [(b"nonsense", "no revocation list"), (None, "answers 404"), (bytes(5000), "sends more than 4000")],
)
def test_what_cannot_be_had_is_not_asked_for_at_once_again(
    run: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, body: bytes | None, reason: str
) -> None:
    monkeypatch.setattr(crl_fetching, "LARGEST", 4000)

    async def test() -> None:
        caplog.clear()
        async with fetching() as it:
            if body is not None:
                it.server.answers["/a.crl"] = body
            assert it.entries("/a.crl") == []
            await logged(caplog, reason)
            assert it.entries("/a.crl") == []
            await asyncio.sleep(0)
            assert len(it.server.asked) == 1

    run(test)


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "[::1]"])
def test_private_addresses_are_not_asked(run: Run, caplog: pytest.LogCaptureFixture, host: str) -> None:
    async def test() -> None:
        caplog.clear()
        async with fetching(PUBLIC) as it:
            assert it.entries(it.server.url("/a.crl", host)) == []
            await logged(caplog, "has no address to connect to")
            assert it.server.asked == []

    run(test)


def test_names_are_looked_up_where_the_edge_does(run: Run, own: Ca, caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        async with fetching() as it, DnsServer("ca 60 IN A 127.0.0.1\ninside 60 IN A 10.0.0.1") as names:
            it.fetcher.follow(DnsSettings((names.address,)), Allowed(loopback=True))
            it.server.answers["/a.crl"] = revoke(own, 1).read_bytes()
            urls = [it.server.url("/a.crl", f"{host}.example.com") for host in ("ca", "inside", "missing")]
            assert it.entries(*urls) == []
            await it.until(1)
            await logged(caplog, "'inside.example.com' has no address to connect to")
            await logged(caplog, "'missing.example.com' is not found")
            assert it.entries(*urls) == [1]
            assert b"Host: ca.example.com:" in it.server.asked[0]

    run(test)


def test_few_at_once_and_few_kept(run: Run, monkeypatch: pytest.MonkeyPatch, own: Ca) -> None:
    monkeypatch.setattr(crl_fetching, "AT_ONCE", 2)
    monkeypatch.setattr(crl_fetching, "MOST", 3)

    async def test() -> None:
        async with fetching() as it:
            paths = [f"/{number}.crl" for number in range(5)]
            it.server.answers = dict.fromkeys(paths, revoke(own, 1).read_bytes())
            assert it.entries(*paths) == []
            await it.until(2)
            assert len(it.server.asked) == 2
            assert it.entries(*paths[2:]) == []  # those that came are forgotten: there was room for three
            await it.until(4)
            assert sum(it.entries(*paths[2:])) == 2

    run(test)
