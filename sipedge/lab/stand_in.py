"""``sipedge lab --expressway``: stand-ins for an Expressway-C, a cluster of two peers, and an Expressway-E."""

from __future__ import annotations

import asyncio
import json
import signal
from contextlib import AsyncExitStack
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from .ca import Authority
from .layout import Block
from .party import Party, Recorder

PORT = 8443
PASSWORD = "lab"
MODULE = "sipedge.lab.parties.expressway_box"


async def stay(folder: Path, block: Block) -> int:
    """Run them until Ctrl-C or SIGTERM. ``folder`` gets certificates, the password and what a box would print."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    recorder = Recorder()
    async with AsyncExitStack() as stack:
        for name, options in prepared(folder, block).items():
            party = await Party.start(name, MODULE, options, recorder)
            stack.push_async_callback(party.stop)
        print("\n".join(lesson(folder, block)), flush=True)
        await stopped.wait()
    return 0


def prepared(folder: Path, block: Block) -> dict[str, dict[str, Any]]:
    """The options of each party."""
    authority = Authority(folder)
    (folder / "password").write_text(f"{PASSWORD}\n")
    parties = {}
    for name, hosts in (("expc", (block.inside, block.imp)), ("expe", (block.outside,))):
        pem = authority.issue(name, common_name=f"{name}.ciscoexample.com", names=hosts)
        text = _data(f"{name}.txt")
        (folder / f"{name}.txt").write_text(Template(text).substitute(address=hosts[0]))
        parties[name] = {
            "hosts": hosts,
            "port": PORT,
            "certificate": str(pem.certificate),
            "key": str(pem.key),
            "answers": json.loads(_data(f"{name}.json")),
            "password": PASSWORD,
            "delay": 2.0,
        }
    return parties


def lesson(folder: Path, block: Block) -> list[str]:
    """What to try."""
    inside, outside = f"{block.inside}:{PORT} {block.imp}:{PORT}", f"{block.outside}:{PORT}"
    account = f"--ca {folder}/lab-ca.pem --password-file {folder}/password"
    return [
        "Stand-ins for an Expressway-C, a cluster of two peers, and an Expressway-E are up; Ctrl-C ends them.",
        "They do what is known of the REST API; no real box was ever asked. Read them:",
        f"  sipedge expressway pull {inside} -o c --dump {folder}/expc.txt {account}",
        f"  sipedge expressway pull {outside} -o e --dump {folder}/expe.txt {account}",
        "Change a rule in c/edge.dialplan, say the priority of one, and look at the order of writes; then write:",
        f"  sipedge expressway push c/edge.dialplan {inside} --dump {folder}/expc.txt {account}",
        "  ... the same with: --write --keep before.dialplan",
        "What has changed since, and whether every NOTIFY still finds its way back:",
        f"  sipedge expressway drift c {inside} --other e {outside} --html report.html {account}",
    ]


def _data(name: str) -> str:
    return files("sipedge.lab").joinpath("data", name).read_text()
