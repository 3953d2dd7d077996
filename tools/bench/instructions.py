"""How many instructions a proxied MESSAGE costs, counted by valgrind: a figure that other load does not disturb.

``python -m tools.bench.instructions [--window 8]`` runs a whole edge in one process, with sockets of memory over TCP
and asyncio's own loop, which is heavier than uvloop. The two parties are counted, too, and are the same in each run.

``--stranger`` has the caller come in by the Default Zone, ``--from-domain`` has From compared with the names of the
caller's certificate, which is put into the core, as there is no TLS: the difference is what the comparison costs.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace

from dialplan.language.parser import parse_dialplan
from dialplan.search.search import CompiledPlan
from sipedge.settings import DnsSettings, Limits, Listener, Settings
from sipedge.sip.message import Message, parse_message
from tools.memory_edge import EDGE, MemoryEdge, run_edge
from zones.names import PeerNames
from zones.zone import DefaultZone, FromDomain, NeighborZone

from .load import Unavailable

FROM = (FromDomain.ANY, FromDomain.CERTIFICATE)
NAMES = PeerNames(("sip.inside.example", "inside.example"))
CALLER, CALLEE = "192.0.2.10", "198.51.100.20"
OUTSIDE = NeighborZone(name="Outside", transport="TCP", peers=(CALLEE,), monitor=False)
FEW, MANY = 400, 1200
"""Transactions of the two runs: their difference knows nothing of the start."""
EACH = 0.0004
"""Seconds of the clock for a transaction: an edge at full load has pjsip's timers looked at once in twelve."""
PLAN = """
search rule "out" {
    mode alias pattern match
    pattern type regex
    pattern ".*@outside\\.example"
    behavior leave
    on successful match stop
    target zone "Outside"
}
"""
LINES = (
    "MESSAGE sip:bob@outside.example SIP/2.0",
    f"Via: SIP/2.0/TCP {CALLER}:5060;branch=z9hG4bK%d",
    "Max-Forwards: 70",
    'From: "Alice" <sip:alice@inside.example>;tag=%d',
    "To: <sip:bob@outside.example>",
    f"Call-ID: %d@{CALLER}",
    "CSeq: 1 MESSAGE",
    f"Contact: <sip:alice@{CALLER}>",
    "Content-Type: text/plain",
    "Content-Length: 200",
)
REQUEST = "\r\n".join(LINES).encode() + b"\r\n\r\n" + b"x" * 200


def settings(stranger: bool, from_domain: FromDomain) -> Settings:
    inside = NeighborZone(name="Inside", transport="TCP", peers=(CALLER,), monitor=False, from_domain=from_domain)
    default = DefaultZone(transport="TCP", from_domain=from_domain)
    return Settings(
        system_name="edge.outside.example",
        domains=("outside.example",),
        zones=(default if stranger else inside, OUTSIDE),
        plan=CompiledPlan(parse_dialplan(PLAN, "bench.dialplan")),
        listeners=(Listener("sip", EDGE, 5060, transport="TCP"),),
        limits=replace(Limits(), busy_poll=0.0),
        dns=DnsSettings(("127.0.0.1",)),
        secret=b"a secret for the bench only",
    )


def answered(request: Message) -> Message:
    """The 200 of the callee."""
    copied = [request.lines[number] for name in ("via", "from", "call-id", "cseq") for number in request.index[name]]
    to = request.lines[request.index["to"][0]] + b";tag=callee"
    return Message(b"\r\n".join([b"SIP/2.0 200 OK", *copied, to, b"Content-Length: 0"]) + b"\r\n\r\n")


def proxy(count: int, window: int, settings: Settings) -> None:
    """``count`` transactions, ``window`` of them in each read."""

    async def scenario(edge: MemoryEdge) -> None:
        caller = edge.accept(CALLER)
        (peer,) = edge.server._proxy._peers.values()
        peer.names = NAMES
        for first in range(0, count, window):
            caller.send(*(parse_message(REQUEST % ((number,) * 3)) for number in range(first, first + window)))
            await edge.turn()
            callee = edge.loop.called[0]
            callee.send(*map(answered, callee.received()))
            await edge.turn()
            if len(caller.received()) != window:
                raise RuntimeError("the edge left a request unanswered")
            edge.loop.now += EACH * window

    run_edge(settings, scenario)


def instructions(count: int, options: Sequence[str]) -> int:
    """Of a whole run. Raises Unavailable without valgrind."""
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        raise Unavailable("no valgrind (Debian: apt-get install valgrind)")
    command = [valgrind, "--tool=callgrind", f"--callgrind-out-file={os.devnull}", sys.executable]
    command += ["-m", "tools.bench.instructions", *options, "--run", str(count)]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONHASHSEED": "0"}, capture_output=True, text=True, check=False
    )
    collected = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or collected is None:
        raise RuntimeError(done.stderr[-2000:])
    return int(collected[1])


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.bench.instructions", description=__doc__)
    parser.add_argument("--window", type=int, default=1, help="requests in each read (default: 1)")
    parser.add_argument("--stranger", action="store_true", help="the caller is nobody's peer")
    parser.add_argument("--from-domain", type=FromDomain, default=FromDomain.ANY, choices=FROM, help="of its zone")
    parser.add_argument("--run", type=int, metavar="COUNT", help="proxy so many, without counting anything")
    given = sys.argv[1:] if arguments is None else arguments
    options = parser.parse_args(given)
    if options.run:
        proxy(options.run, options.window, settings(options.stranger, options.from_domain))
        return 0
    try:
        few, many = (instructions(count, given) for count in (FEW, MANY))
    except (Unavailable, RuntimeError) as error:
        print(f"instructions: {error}", file=sys.stderr)
        return 2
    print(f"{(many - few) / (MANY - FEW):,.0f} instructions for each MESSAGE transaction")
    return 0


if __name__ == "__main__":
    sys.exit(main())
