"""python -m tools.bench.storm: what it costs the requests of others when all peers come back at the same time.

A steady stream of requests goes through an edge over TCP. In its middle as many TLS connections as are asked for are
opened at once, each with a full handshake and a client certificate, by a process of low priority. The same stream
without a storm takes turns with it, because the machine has other work, too.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import resource
import ssl
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

from tools.live.edge import LiveEdge
from tools.live.setting import HEAD

from .certificates import Certificates, make_certificates
from .program import run_in_folder
from .reloads import plan, show
from .steady import CALLEE, CALLER, EDGE, PORT, Seen, Steady

TARGET = "sip:bob@far.example"
TLS_PORT = 5061
SOURCES = 200
"""Addresses that the peers of the storm come from."""
BEFORE = 1.0
"""Seconds of the stream before the storm."""
CALM = 1.0
NICE = 10
ZONES = "".join(
    f'[[zone]]\nname = "{name}"\ntype = "neighbor"\ntransport = "TCP"\npeers = ["{peer}"]\nport = {PORT}\n'
    "monitor = false\n\n"
    for name, peer in (("near", CALLER), ("far", CALLEE))
)
LIMITS = "[limits]\nconnections = 20000\nhandshake = 60\nban_after = 0\n"


def storm(certificates: Certificates, count: int, pipe: Connection) -> None:
    """Open all, tell how long it took and how many came about, and close them when that was read."""
    os.nice(NICE)
    pipe.recv()
    asyncio.run(_storm(certificates, count, pipe))


async def _storm(certificates: Certificates, count: int, pipe: Connection) -> None:
    context = ssl.create_default_context(cafile=str(certificates.trusted))
    context.check_hostname = False  # the edge is called by address
    context.load_cert_chain(certificates.certificate("load"), certificates.key("load"))
    began = time.monotonic()

    async def connect(number: int) -> asyncio.StreamWriter:
        source = f"127.0.{10 + number % SOURCES}.1"
        _, writer = await asyncio.open_connection(
            EDGE, TLS_PORT, ssl=context, local_addr=(source, 0), ssl_handshake_timeout=120
        )
        return writer

    made = await asyncio.gather(*(connect(number) for number in range(count)), return_exceptions=True)
    seconds = time.monotonic() - began
    writers = [each for each in made if isinstance(each, asyncio.StreamWriter)]
    pipe.send((seconds, len(writers)))
    pipe.recv()
    for writer in writers:
        writer.transport.abort()


def opened_and_closed(pipe: Connection) -> tuple[float, int]:
    """How many seconds it took to open all, and how many came about; they close at once."""
    told: tuple[float, int] = pipe.recv()
    pipe.send(None)
    return told


async def stream(rate: float, seconds: float, first: int, pipe: Connection | None) -> Seen:
    if pipe is not None:
        asyncio.get_running_loop().call_later(BEFORE, pipe.send, None)
    return await Steady(TARGET, first).run(rate, seconds)


def config_of(certificates: Certificates) -> str:
    own = {"certificate": certificates.certificate("edge"), "key": certificates.key("edge")}
    return HEAD % {"edge": EDGE, "trusted": certificates.trusted, **own} + ZONES + LIMITS


def allow_files(count: int) -> None:
    """For so many connections and both of their ends."""
    wanted = 2 * count + 500
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, wanted), hard), hard))


async def run(arguments: argparse.Namespace, folder: Path) -> int:
    certificates = make_certificates(folder)
    context = multiprocessing.get_context("spawn")
    missing = 0
    print(
        f"{'milliseconds':<28}{'sent':>8}{'lost':>6}{'unsent':>8}"
        + f"{'p50':>9}{'p90':>9}{'p99':>9}{'p99.9':>9}{'max':>9}"
    )
    async with LiveEdge(folder, config_of(certificates), plan(10, 0)):
        for start in range(arguments.rounds):
            first = start * 2_000_000
            show("no storm", await stream(arguments.rate, arguments.seconds, first, None))
            pipe, theirs = context.Pipe()
            process = context.Process(target=storm, args=(certificates, arguments.count, theirs))
            process.start()
            await asyncio.sleep(CALM)
            closing = asyncio.create_task(asyncio.to_thread(opened_and_closed, pipe))
            seen = await stream(arguments.rate, arguments.seconds, first + 1_000_000, pipe)
            seconds, made = await closing
            process.join()
            missing += arguments.count - made + len(seen.lost())
            show("storm", seen, f"{made} handshakes in {seconds:.1f} s")
            await asyncio.sleep(CALM)
    return 1 if missing else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.bench.storm", description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="connections of a storm (default: 2000)")
    parser.add_argument("--rate", type=float, default=200, help="requests a second meanwhile (default: 200)")
    parser.add_argument("--seconds", type=float, default=10, help="of each stream (default: 10)")
    parser.add_argument("--rounds", type=int, default=3, help="of both streams (default: 3)")
    arguments = parser.parse_args()
    allow_files(arguments.count)
    return run_in_folder("storm", lambda folder: asyncio.run(run(arguments, folder)))


if __name__ == "__main__":
    sys.exit(main())
