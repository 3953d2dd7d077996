"""HAProxy in front of an edge, asking it with OPTIONS as docs/reliability.md says."""

from __future__ import annotations

import asyncio
import re
import tempfile
from pathlib import Path

import pytest
from support.certificates import issue, make_ca
from support.paths import ROOT
from support.processes import fresh_address
from support.running_edge import Edge, edge_toml, listener
from support.third_party import require

from sipedge.servers.haproxy.process import Haproxy
from sipedge.servers.haproxy.wanted import Wanted

pytestmark = pytest.mark.e2e
DEFAULTS = "defaults\n  mode tcp\n  timeout connect 5s\n  timeout client 5s\n  timeout server 5s\n"


def documented(edge: str, front: str) -> str:
    """The section of the page, for an edge of this test."""
    text = (ROOT / "docs" / "reliability.md").read_text()
    (section,) = re.findall(r"^```\n(backend edges\n.*?)```", text, re.DOTALL | re.MULTILINE)
    section = section.replace("192.0.2.10", edge).replace("inter 5s", "inter 200ms")
    return f"{DEFAULTS}frontend peers\n  bind {front}:5061\n  default_backend edges\n{section}"


async def verdict(haproxy: Haproxy, status: str) -> str:
    """HAProxy's word for the check that made the edge ``status``."""
    while True:
        for row in haproxy.answer.rows if haproxy.answer else ():
            word = row["check_status"].removeprefix("* ")  # the next one has begun
            if row["svname"] == "one" and row["status"] == status and word not in ("", "INI"):
                return word
        await asyncio.sleep(0.05)


@pytest.mark.timeout(60)
def test_a_balancer_sees_an_edge_that_serves_and_one_that_ends(tmp_path: Path) -> None:
    require("haproxy")
    ca, address = make_ca(tmp_path), fresh_address()
    balancer = issue(ca, names=["balancer.example.com"])
    files = {
        "ca.pem": Path(ca.certificate).read_bytes(),
        "balancer.pem": Path(balancer.certificate).read_bytes() + Path(balancer.key).read_bytes(),
    }
    wanted = Wanted(documented(address, fresh_address()), files)
    config = edge_toml(ca, issue(ca, names=["edge.example.com"]), listener("tls", address))

    async def watch(edge: Edge, folder: str) -> None:
        haproxy = Haproxy("HAProxy")
        try:
            await haproxy.bring(folder, wanted)
            assert await verdict(haproxy, "UP") == "L7OK"
            edge.terminate()
            assert await verdict(haproxy, "DOWN") == "L4CON"
        finally:
            await haproxy.aclose()

    with Edge(tmp_path / "edge", config, "") as edge, tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # HAProxy runs as another user
        asyncio.run(watch(edge, f"{folder}/engine"))
