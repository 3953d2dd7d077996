"""Handshakes beside the event loop: who waits, whose turn it is, and what a connection does meanwhile."""

from __future__ import annotations

import asyncio
import os
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import get_ident

import pytest
from support.certificates import Ca, issue
from support.connections import FAR, LISTENER, Run
from support.edge import Edge, message
from support.lone_connection import TLS, Lone, lone

from sipedge.network.handshakes import HANDED_OVER, NICE, THREADS, Done, Handshakes, Outcome
from sipedge.network.state import State
from sipedge.network.tls_stream import TlsStream
from sipedge.settings import Tls

STORM = 50
"""Peers that come back at the same time: fewer than one source may have connections."""


class Watched(TlsStream):
    """Tells who makes its steps, and lets none begin before it may."""

    may_begin = threading.Event()
    began: list[tuple[str, int]] = []

    def __init__(self, context: ssl.SSLContext, source: str) -> None:
        super().__init__(context, server_side=True)
        self.source = source

    def handshake(self) -> bool:
        self.began.append((self.source, get_ident()))
        self.may_begin.wait()
        return super().handshake()


@pytest.fixture
def context(ca: Ca) -> ssl.SSLContext:
    leaf = issue(ca, names=["edge.example.com"])
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(leaf.certificate, leaf.key)
    return server


@pytest.fixture
def watched(context: ssl.SSLContext) -> Iterator[Callable[[str], Watched]]:
    Watched.may_begin.clear()
    Watched.began.clear()
    yield lambda source: Watched(context, source)
    Watched.may_begin.set()


def test_steps_are_made_in_threads_and_sources_take_turns(run: Run, watched: Callable[[str], Watched]) -> None:
    async def test() -> None:
        handshakes, told = Handshakes(), list[str]()
        all_told = asyncio.Event()

        def done(source: str, outcome: Outcome) -> None:
            assert outcome is False  # no byte has come
            told.append(source)
            if len(told) == 52:
                all_told.set()

        for source in ["greedy"] * 50 + ["modest"] * 2:
            handshakes.step(source, watched(source), lambda outcome, source=source: done(source, outcome))  # type: ignore[misc]
        await asyncio.sleep(0)
        assert not told
        Watched.may_begin.set()
        async with asyncio.timeout(10):
            await all_told.wait()
        handshakes.close()
        first, second = (at for at, (source, _) in enumerate(Watched.began) if source == "modest")
        assert first < HANDED_OVER + 2 * THREADS
        assert second - first < 2 * THREADS
        assert get_ident() not in {thread for _, thread in Watched.began}
        assert len({thread for _, thread in Watched.began}) == THREADS

    run(test)


def test_the_threads_give_way_to_the_loop(
    run: Run, watched: Callable[[str], Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        handshakes, told = Handshakes(), asyncio.get_running_loop().create_future()

        def step(stream: TlsStream) -> bool:
            asyncio.run_coroutine_threadsafe(tell(os.getpriority(os.PRIO_PROCESS, 0)), loop)
            return False

        async def tell(priority: int) -> None:
            told.set_result(priority)

        loop = asyncio.get_running_loop()
        monkeypatch.setattr(TlsStream, "handshake", step)
        Watched.may_begin.set()
        own = os.getpriority(os.PRIO_PROCESS, 0)
        handshakes.step("here", watched("here"), lambda outcome: None)
        assert await asyncio.wait_for(told, 10) == min(own + NICE, 19)
        assert os.getpriority(os.PRIO_PROCESS, 0) == own
        handshakes.close()

    run(test)


def test_where_threads_may_not_give_way_they_make_their_steps_all_the_same(
    run: Run, watched: Callable[[str], Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "setpriority", forbidden)

    async def test() -> None:
        handshakes, told = Handshakes(), asyncio.get_running_loop().create_future()
        Watched.may_begin.set()
        handshakes.step("here", watched("here"), told.set_result)
        assert await asyncio.wait_for(told, 10) is False
        handshakes.close()

    run(test)


def test_nothing_comes_after_the_end(run: Run, watched: Callable[[str], Watched]) -> None:
    async def test() -> None:
        handshakes, told = Handshakes(), list[Outcome]()
        for _ in range(2 * HANDED_OVER):
            handshakes.step("here", watched("here"), told.append)
        handshakes.close()
        Watched.may_begin.set()
        while len(Watched.began) < THREADS:
            await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        assert len(Watched.began) == THREADS  # those that ran already
        assert len(told) <= THREADS

    run(test)


def test_a_fault_in_a_step_is_logged_and_ends_its_connection(
    run: Run, watched: Callable[[str], Watched], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def test() -> None:
        handshakes, told = Handshakes(), asyncio.get_running_loop().create_future()
        monkeypatch.setattr(TlsStream, "handshake", lambda stream: [][0])
        Watched.may_begin.set()
        handshakes.step("here", watched("here"), told.set_result)
        assert "a fault of the edge" in await asyncio.wait_for(told, 10)
        assert "IndexError" in caplog.text
        handshakes.close()

    run(test)


@pytest.fixture
def shaking(context: ssl.SSLContext) -> Iterator[Lone]:
    """A connection whose first step is under way."""
    with lone() as make:
        one = make(TLS, context)
        one.owner.holds_handshakes = True
        one.connect()
        one.receive(b"\x16\x03\x01")
        yield one


def test_nothing_more_is_read_while_a_step_is_under_way(shaking: Lone) -> None:
    assert not shaking.transport.reads
    shaking.connection.resume_writing()
    assert not shaking.transport.reads
    shaking.connection.shaken(False)
    assert shaking.transport.reads
    assert shaking.connection.state is State.HANDSHAKE


@pytest.mark.parametrize("outcome", [True, False, "it failed"])
def test_a_step_that_comes_too_late_changes_nothing(shaking: Lone, outcome: Outcome) -> None:
    shaking.connection.abort("over")
    shaking.connection.shaken(outcome)
    assert (shaking.told, shaking.transport.ended) == (["made", "lost: over"], "aborted")


def test_the_time_of_a_step_is_not_the_peers(shaking: Lone) -> None:
    shaking.after(1000.0)
    assert shaking.told == ["made"]
    shaking.connection.shaken(False)
    shaking.after(9.9)
    assert shaking.told == ["made"]
    shaking.receive(b"\x00")
    shaking.after(1000.0)
    shaking.connection.shaken(False)
    shaking.after(0.2)
    assert shaking.told == ["made", "lost: the TLS handshake took too long"]


def test_an_end_in_the_middle_of_a_step_leaves_the_stream_alone(shaking: Lone) -> None:
    shaking.connection.close("over")
    assert (shaking.transport.written, shaking.transport.ended) == (b"", "end of file")
    shaking.connection.shaken(True)
    assert shaking.told == ["made", "lost: over"]


def test_a_step_that_failed_ends_the_connection_with_its_reason(shaking: Lone) -> None:
    shaking.connection.shaken("it failed")
    assert shaking.told == ["made", "lost: it failed"]
    assert shaking.connection.state is State.CLOSING


def test_what_came_with_the_end_of_the_handshake_is_delivered(ca: Ca, context: ssl.SSLContext, tmp_path: Path) -> None:
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_verify_locations(ca.certificate)
    peer = TlsStream(client, server_side=False, server_name="edge.example.com")
    with lone() as make:
        one = make(TLS, context)
        one.connect()
        peer.handshake()
        one.receive(peer.output())
        peer.receive(memoryview(one.transport.written))
        assert peer.handshake()
        peer.write(message(b"early"))
        one.receive(peer.output())
        assert one.told == ["made", "ready", "arrived 1"]


@pytest.mark.e2e
def test_a_connection_is_served_while_a_storm_of_others_waits_for_its_handshakes(
    run: Run, ca: Ca, tls: Tls, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_begin = threading.Event()
    may_begin.set()
    handshake = TlsStream.handshake
    monkeypatch.setattr(TlsStream, "handshake", lambda stream: may_begin.wait() and handshake(stream))
    waiting, step = list[TlsStream](), Handshakes.step
    all_wait = asyncio.Event()

    def asked(handshakes: Handshakes, source: str, stream: TlsStream, done: Done) -> None:
        step(handshakes, source, stream, done)
        if not may_begin.is_set():
            waiting.append(stream)
        if len(waiting) == STORM:
            all_wait.set()

    monkeypatch.setattr(Handshakes, "step", asked)
    context = ssl.create_default_context(cafile=str(ca.certificate))
    leaf = issue(ca, names=[FAR], eku=["client"])
    context.load_cert_chain(leaf.certificate, leaf.key)

    async def test() -> None:
        async with await Edge.start(tls, listener=LISTENER) as edge:

            async def connect() -> asyncio.StreamWriter:
                _, writer = await asyncio.open_connection(
                    *edge.address, ssl=context, server_hostname="edge.example.com"
                )
                return writer

            writers = [await connect()]
            await edge.until(lambda: edge.opened)
            may_begin.clear()
            try:
                storm = asyncio.gather(*(connect() for _ in range(STORM)))
                await asyncio.wait_for(all_wait.wait(), 10)
                writers[0].write(message(b"in the middle"))
                await edge.until(lambda: edge.messages)
                assert len(edge.opened) == 1
            finally:
                may_begin.set()
            writers += await storm
            await edge.until(lambda: len(edge.opened) == len(writers))
            for writer in writers:
                writer.close()

    run(test)
