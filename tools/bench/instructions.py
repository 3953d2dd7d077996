"""How many instructions a proxied MESSAGE costs, counted by valgrind: a figure that other load does not disturb.

``python -m tools.bench.instructions`` runs a whole edge in one process, with sockets of memory over TCP and asyncio's
own loop, which is heavier than uvloop. The two parties are counted, too, and are the same in each run. What a change is
measured against is in instructions.json: ``--guard`` compares, ``--record`` writes it.

``--stranger`` has the caller come in by the Default Zone, ``--from-domain`` has From compared with the names of the
caller's certificate, which is put into the core, as there is no TLS: the difference is what the comparison costs.
``--hidden`` has the caller in a hidden zone, ``--decisions`` has lines of ``[log] decisions`` written.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from dialplan.language.parser import parse_dialplan
from dialplan.search.search import CompiledPlan
from sipedge.rates import reading
from sipedge.settings import DnsSettings, Limits, Listener, Log, Settings
from sipedge.sip.framing import Framer
from sipedge.sip.message import Message, parse_message
from sipedge.tap import worker
from sipedge.worker.process import settle
from tools.memory_edge import EDGE, MemoryEdge, run_edge
from zones.names import PeerNames
from zones.zone import DefaultZone, FromDomain, NeighborZone, Topology

from .counting import total
from .load import Unavailable

FROM = (FromDomain.ANY, FromDomain.CERTIFICATE)
NAMES = PeerNames(("sip.inside.example", "inside.example"))
CALLER, CALLEE = "192.0.2.10", "198.51.100.20"
OUTSIDE = NeighborZone(name="Outside", transport="TCP", peers=(CALLEE,), monitor=False)
FEW, MANY = 96, 416
"""Transactions of the two runs: their difference knows nothing of the start."""
WINDOW = 8
RECORD = Path(__file__).with_name("instructions.json")
MOST = 1.1
"""Of the recorded figure."""
HALVES = ("with the parts in C", "with the parts in C, nothing remembered", "without the parts in C")
HIDDEN = ", the caller hidden"
USERS = 20
"""Who is written to: so few that each of them is known before it counts."""
PYTHON = ".".join(map(str, sys.version_info[:2]))
SLOWER = 50
"""Times that a program takes under valgrind: so much longer the thread that writes lines lets them come together."""
EACH = 0.0004
"""Seconds of the clock for a transaction: an edge at full load has pjsip's timers looked at once in twelve."""
RULE = """
search rule "%(name)s" {
    priority %(priority)d
    mode alias pattern match
    pattern type regex
    pattern "%(pattern)s"
    behavior leave
    on successful match stop
    target zone "%(zone)s"
}
"""
PATTERNS = (
    (r".*@inside\.example", "Inside"),
    (r".*node-public\.inside\.example.*", "Inside"),
    (r".*@outside\.example", "Outside"),
)
PLAN = "".join(
    RULE % {"name": f"rule {number}", "priority": number * 10, "pattern": pattern, "zone": zone}
    for number, (pattern, zone) in enumerate(PATTERNS, 1)
)
LINES = (
    "MESSAGE sip:user%(user)d@outside.example SIP/2.0",
    f"Via: SIP/2.0/TCP {CALLER}:5060;branch=z9hG4bKload%(number)d.1",
    "Max-Forwards: 70",
    'From: "Load" <sip:alice@inside.example>;tag=t%(number)d;epid=0a1b2c',
    "To: <sip:user%(user)d@outside.example>",
    f"Call-ID: load-%(number)d.1@{CALLER}",
    "CSeq: 1 MESSAGE",
    f"Contact: <sip:alice@{CALLER}:5060;transport=tcp>",
    "User-Agent: UCCAPI/16.0.4266.1001 OC/16.0.4266.1001 (Skype for Business)",
    "Supported: ms-dialog-route-set-update",
    "Ms-Text-Format: text/plain; charset=UTF-8",
    "Content-Type: text/plain; charset=UTF-8",
    "Content-Length: 200",
)
"""As load.c writes them, with what differs from one to the next."""
REQUEST = "\r\n".join(LINES).encode() + b"\r\n\r\n" + b"x" * 200


def request(number: int) -> bytes:
    return REQUEST % {b"number": number, b"user": number % USERS}


def settings(stranger: bool, from_domain: FromDomain, anew: bool = False, hidden: bool = False) -> Settings:
    inside = NeighborZone(
        name="Inside",
        transport="TCP",
        peers=(CALLER,),
        monitor=False,
        from_domain=from_domain,
        topology=Topology.HIDDEN if hidden else Topology.OPEN,
    )
    default = DefaultZone(transport="TCP", from_domain=from_domain)
    return Settings(
        system_name="edge.outside.example",
        domains=("outside.example",),
        zones=(default if stranger else inside, OUTSIDE),
        plan=CompiledPlan(parse_dialplan(PLAN, "bench.dialplan")),
        listeners=(Listener("sip", EDGE, 5060, transport="TCP"),),
        limits=replace(Limits(), busy_poll=0.0, remembered=0 if anew else Limits().remembered),
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
            caller.send(*(parse_message(request(number)) for number in range(first, first + window)))
            await edge.turn()
            callee = edge.loop.called[0]
            callee.send(*map(answered, callee.received()))
            await edge.turn()
            if len(caller.received()) != window:
                raise RuntimeError("the edge left a request unanswered")
            edge.loop.now += EACH * window

    slice, reading.SLICE = reading.SLICE, float("inf")  # valgrind makes every read a long one, by the machine's clock
    gather, worker.GATHER = worker.GATHER, SLOWER * worker.GATHER
    try:
        run_edge(settings, scenario)
    finally:
        reading.SLICE, worker.GATHER = slice, gather


def instructions(count: int, options: Sequence[str]) -> int:
    """Of a whole run. Raises Unavailable without valgrind."""
    return total("tools.bench.instructions", *options, "--run", str(count))


def measured(options: Sequence[str]) -> int:
    """Instructions for each transaction."""
    few, many = (instructions(count, options) for count in (FEW, MANY))
    return round((many - few) / (MANY - FEW))


def half(anew: bool = False, hidden: bool = False) -> str:
    """Which parts run here (docs/native.md), and for whom."""
    return HALVES[anew if Framer(Limits()).is_native else 2] + HIDDEN * hidden


def guard(figure: int, what: str) -> int:
    """1 when the figure is too far above the recorded one, else 0."""
    recorded = json.loads(RECORD.read_text())
    if recorded["python"] != PYTHON:
        print(f"not compared: the record is Python {recorded['python']}'s, this is {PYTHON}")
        return 0
    ratio = figure / recorded[what]
    print(f"{what}: {ratio:.3f} of what {RECORD.name} has recorded; {MOST} is the most")
    return int(ratio > MOST)


def record(figure: int, what: str) -> None:
    """Other figures stay."""
    known = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    kept = known if known.get("python") == PYTHON else {}
    RECORD.write_text(json.dumps({"python": PYTHON, **kept, what: figure}, indent=1) + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.bench.instructions", description=__doc__)
    parser.add_argument("--window", type=int, default=WINDOW, help=f"requests in each read (default: {WINDOW})")
    parser.add_argument("--stranger", action="store_true", help="the caller is nobody's peer")
    parser.add_argument("--from-domain", type=FromDomain, default=FromDomain.ANY, choices=FROM, help="of its zone")
    parser.add_argument("--anew", action="store_true", help="nothing is remembered of what was decided")
    parser.add_argument("--hidden", action="store_true", help="the caller's zone is hidden")
    parser.add_argument("--run", type=int, metavar="COUNT", help="proxy so many, without counting anything")
    parser.add_argument("--guard", action="store_true", help="exit status 1 when it is above the record by a tenth")
    parser.add_argument("--record", action="store_true", help="write the record anew")
    parser.add_argument("--decisions", action="store_true", help="write a line for each decision")
    options = parser.parse_args(arguments)
    if options.run:
        settle()
        made = settings(options.stranger, options.from_domain, options.anew, options.hidden)
        with TemporaryDirectory() as folder:
            log = Log(decisions=f"{folder}/decisions" if options.decisions else "")
            proxy(options.run, options.window, replace(made, log=log))
        return 0
    how = ["--window", str(options.window), "--from-domain", options.from_domain.value]
    how += ["--stranger"] * options.stranger + ["--anew"] * options.anew + ["--hidden"] * options.hidden
    how += ["--decisions"] * options.decisions
    try:
        figure = measured(how)
    except (Unavailable, RuntimeError) as error:
        print(f"instructions: {error}", file=sys.stderr)
        return 2
    print(f"{figure:,} instructions for each MESSAGE transaction, {options.window} in each read")
    if options.record:
        record(figure, half(options.anew, options.hidden))
    return guard(figure, half(options.anew, options.hidden)) if options.guard else 0


if __name__ == "__main__":
    sys.exit(main())
