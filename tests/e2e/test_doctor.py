"""The doctor on the lab: a clean bill in both directions, from outside and with each edge's own configuration."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from sipedge.config import load_config
from sipedge.doctor import CheckVerdict, Options, Report, examine
from sipedge.doctor.installation import options_of
from sipedge.lab import layout, scenario
from sipedge.lab.layout import CISCO, MICROSOFT, ROUTING_NAME, Layout
from sipedge.lab.party import Recorder
from sipedge.lab.run import running
from sipedge.settings import Certificate, DnsSettings
from zones.addresses import ANYWHERE

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(90)]
NOT_IN_THE_LAB = {"tls.revocation", "tls.same-certificate"}
"""Its CA has no OCSP responder, and each name one address."""


def test_clean_bill_in_both_directions(tmp_path: Path) -> None:
    block = layout.reserve()
    with block.lock:
        reports = asyncio.run(_examine_all(layout.prepare(tmp_path, block)))
    for name, report in reports.items():
        wrong = [
            (one.id, one.subject, one.seen) for one in report.results if one.verdict.value in ("failed", "warning")
        ]
        assert wrong == [], name
    for name in ("inbound", "outbound"):
        not_run = {one.id for one in reports[name].results if one.verdict is CheckVerdict.NOT_RUN}
        assert not_run <= NOT_IN_THE_LAB, name
        assert reports[name].counts["ok"] > 30, name
    ways = [one for name in ("outside", "inside") for one in reports[name].results if one.id == "sip.notify-return"]
    assert [one.verdict for one in ways] == [CheckVerdict.OK, CheckVerdict.OK]
    assert 'rule "IMP Public to inside" to zone "Inside"' in ways[0].seen and "Default Zone" in ways[0].subject
    assert 'rule "IMP Public to IMP" to zone "IMP"' in ways[1].seen and "Outside" in ways[1].subject


async def _examine_all(plan: Layout) -> dict[str, Report]:
    recorder = Recorder()
    async with running(plan, recorder) as (lab, _):
        await scenario.traversal_up(lab)
        return {name: await examine(options) for name, options in _examinations(plan).items()}


def _examinations(plan: Layout) -> dict[str, Options]:
    """Inbound: Microsoft's Edge calls; outbound: the outside edge calls; then each edge with what it knows."""
    block = plan.block
    outside_dns, inside_dns = DnsSettings((f"{block.dns}:5300",)), DnsSettings((f"{block.dns}:5301",))
    common = {"dns": outside_dns, "trusted": str(plan.ca), "allowed": ANYWHERE}
    edge = Certificate(str(plan.folder / "outside.pem"), str(plan.folder / "outside.key"))
    sfb = Certificate(str(plan.sfb.certificate), str(plan.sfb.key))
    return {
        "inbound": Options(domains=(CISCO,), client=sfb, own_domains=(MICROSOFT,), **common),
        "outbound": Options(domains=(MICROSOFT,), client=edge, own_domains=(CISCO,), **common),
        "outside": replace(
            options_of(load_config(plan.folder / "outside.toml", create_secret=False)),
            domains=(CISCO, MICROSOFT),
            routing_names=(ROUTING_NAME,),
            inside_dns=inside_dns,
        ),
        "inside": replace(
            options_of(load_config(plan.folder / "inside.toml", create_secret=False)), routing_names=(ROUTING_NAME,)
        ),
    }
