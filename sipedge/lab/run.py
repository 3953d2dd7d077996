"""``sipedge lab``: start every party on loopback, send IM and presence both ways, print the ladder and a verdict."""

from __future__ import annotations

import asyncio
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from sipedge.traces.ladder import ladder

from . import layout, scenario, scenario_web, scenario_xmpp, stand_in, story
from .console_process import console_of
from .edge_process import EdgeProcess
from .layout import Layout
from .party import Party, Recorder
from .scenario import Lab, StepResult

_MODULES = {
    "dns": "dns_server",
    "imp": "imp_node",
    "presence": "imp_presence",
    "sfb": "sfb_edge",
    "behind": "xmpp_server",
    "partner": "xmpp_server",
    "cms": "web_bridge",
}
"""Party -> its program."""
WHOLE_RUN = 120.0
"""Seconds after which the run counts as failed, whatever hangs."""


def main(keep: bool = False, topology: str = "open", expressway: bool = False, console: bool = False) -> int:
    """Run the lab. Exit status: 0 when all arrived, 1 otherwise.

    ``keep``: leave it running until Ctrl-C; ``topology``: of the inside, as the outside edge shows it; ``expressway``:
    stand-ins for Expressways instead, until Ctrl-C; ``console``: with ``keep``, a console beside each edge.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="sipedge-lab-") as folder:
            block = layout.reserve()
            with block.lock:
                if expressway:
                    return asyncio.run(stand_in.stay(Path(folder), block))
                engines = {"xmpp": not scenario_xmpp.missing(), "web": not scenario_web.missing()}
                plan = layout.prepare(Path(folder), block, topology, **engines)
                return asyncio.run(_run(plan, keep, console))
    except (OSError, RuntimeError, TimeoutError) as error:
        print(f"lab: {error or 'not everything came up in time'}")
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 130


async def _run(plan: Layout, keep: bool, console: bool) -> int:
    recorder = Recorder()
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)  # ends the children on this path too
    async with running(plan, recorder) as (lab, edges):
        try:
            good = await asyncio.wait_for(_play(lab, edges, recorder), WHOLE_RUN)
        except (TimeoutError, RuntimeError):
            _show_logs(edges)
            raise
        if keep:
            await _stay(plan, edges, console)
    return 0 if good else 1


async def _play(lab: Lab, edges: tuple[EdgeProcess, EdgeProcess], recorder: Recorder) -> bool:
    """The scenario, its ladder and its verdict; whether all arrived."""
    await scenario.traversal_up(lab)
    if lab.xmpp is not None:
        await scenario_xmpp.federation_up(lab)
    if lab.web is not None:
        await scenario_web.publishing_up(lab)
    since, begun = lab.now, [len(edge.decisions()) for edge in edges]
    checks = await scenario.run(lab, scenario.STEPS)
    checks += await scenario.run(lab, scenario_xmpp.STEPS) if lab.xmpp is not None else []
    checks += await scenario.run(lab, scenario_web.STEPS) if lab.web is not None else []
    lines = [edge.decisions()[start:] for edge, start in zip(edges, begun, strict=True)]
    decisions = story.read_decisions(story.INSIDE, lines[0]) + story.read_decisions(story.OUTSIDE, lines[1])
    records = story.tell(recorder.events[since:], decisions)
    print("\n".join(ladder.render(records, story.COLUMNS)))
    print("\n" + "\n".join(verdict(checks)))
    for left_out in filter(None, (scenario_xmpp.missing(), scenario_web.missing())):
        print(left_out)
    good = all(check.ok for check in checks)
    if not good:
        _show_logs(edges)
    return good


def _show_logs(edges: tuple[EdgeProcess, EdgeProcess]) -> None:
    for edge in edges:
        print(f"\nlog of the {edge.name} edge:\n{edge.log()}")


@asynccontextmanager
async def running(plan: Layout, recorder: Recorder) -> AsyncIterator[tuple[Lab, tuple[EdgeProcess, EdgeProcess]]]:
    """All processes; every one that was started is ended, whatever happens, and all at the same time."""
    processes: list[Party | EdgeProcess] = []
    try:

        async def party(name: str, options: dict[str, object]) -> Party:
            started = await Party.start(name, f"sipedge.lab.parties.{_MODULES[name]}", options, recorder)
            processes.append(started)
            return started

        async def edge(name: str) -> EdgeProcess:
            started = await EdgeProcess.start(name, plan.folder / f"{name}.toml")
            processes.append(started)
            return started

        dns = await party("dns", plan.dns())
        imp = await party("imp", plan.imp_node())
        presence = await party("presence", plan.imp_presence())
        sfb = await party("sfb", plan.sfb_edge())
        outside = await edge("outside")  # first, so that the traversal client finds it at once
        inside = await edge("inside")
        xmpp = (
            (await party("behind", plan.xmpp_behind()), await party("partner", plan.xmpp_partner()))
            if plan.xmpp
            else None
        )
        if plan.web:
            await party("cms", plan.web_bridge())
        yield Lab(recorder, dns, imp, presence, sfb, xmpp, plan if plan.web else None), (inside, outside)
    finally:
        ends = await asyncio.gather(*(process.stop() for process in processes), return_exceptions=True)
        for end in ends:
            if isinstance(end, BaseException):
                raise end


def verdict(checks: list[StepResult]) -> list[str]:
    """One line a step, and the sum."""
    lines = [f"{'ok    ' if check.ok else 'FAILED'}  {check.name}: {check.detail}" for check in checks]
    failed = sum(not check.ok for check in checks)
    total = f"{failed} of {len(checks)} steps failed" if failed else f"all {len(checks)} steps arrived"
    return [*lines, f"verdict: {total}"]


async def _stay(plan: Layout, edges: tuple[EdgeProcess, EdgeProcess], console: bool) -> None:
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stopped.set)  # before it is told to press Ctrl-C
    async with AsyncExitStack() as consoles:
        served = [await consoles.enter_async_context(console_of(edge.config)) for edge in edges] if console else []
        _tell(plan, edges, served)
        await stopped.wait()


def _tell(plan: Layout, edges: tuple[EdgeProcess, EdgeProcess], consoles: list[str]) -> None:
    """What there is, for who looks around."""
    block = plan.block
    print(f"\nThe lab stays up; Ctrl-C ends it. Everything is in {plan.folder}")
    inside, outside = edges
    print("  try           " + "\n                ".join(_tries(plan.folder, inside, outside)))
    print(f"  inside edge   {block.inside}:5061  {plan.folder / 'inside.toml'}")
    print(f"  outside edge  {block.outside}:5061  {plan.folder / 'outside.toml'}")
    print(f"  ask them      sipedge status (or history, probe, load) {plan.folder / 'outside.toml'}")
    for edge, address in zip(edges, consoles, strict=bool(consoles)):
        print(f"  {edge.name + ' console':13} {address}")
    print(f"  IM&P node     {block.imp}:5062      SfB Edge  {block.sfb}:5061")
    if plan.web:
        print(f"  web           https://{layout.GUEST_URI}:8443 at {block.outside}      web bridge {block.cms}:8443")
    if plan.xmpp:
        print(f"  XMPP servers  {block.imp}:5269 of IM&P, {block.partner}:5269 of a partner")
    print(f"  DNS           {block.dns}:5300 external, {block.dns}:5301 internal", flush=True)


def _tries(folder: Path, *edges: EdgeProcess) -> list[str]:
    """What one might do next."""
    traces = " ".join(str(edge.config.with_suffix(".jsonl")) for edge in edges)
    first = edges[0]
    return [
        f"sipedge ladder {traces}",
        f"sipedge locate {first.config} alice@ciscoexample.com --from Outside",
        f"edit {folder / 'inside.dialplan'}; kill -HUP {first.pid}; tail {first.config.with_suffix('.log')}",
    ]
