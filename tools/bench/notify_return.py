"""How long ``sipedge check INSIDE OUTSIDE`` takes: two edges with rules for many partners.

Run ``python -m tools.bench.notify_return``. The plans are those of Cisco's federation guide (tables 4 and 5), with a
rule outward for each partner domain. Of partners 32 are looked at, further rules make the plan larger.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from sipedge.config import load_config
from sipedge.notify_return import GivenNames, edges_of, links_of, prove

from .program import run_in_folder

FQDN = "imp1-public.example.org"
EDGE = """\
[edge]
system_name = "{host}.example.org"
domains = ["example.org"]
dialplans = ["{host}.dialplan"]
[[listener]]
name = "SIP"
address = "127.0.0.1"
port = 5061
transport = "TCP"
[[credential]]
username = "traversal"
password = "secret"
[[zone]]
type = "neighbor"
name = "Other"
peers = ["127.0.0.9"]
transport = "TCP"
"""
INSIDE = """\
[[zone]]
type = "neighbor"
name = "IMP"
peers = ["127.0.0.10"]
transport = "TCP"
[[zone]]
type = "traversal client"
name = "Traversal"
peers = ["expe.example.org"]
username = "traversal"
transport = "TCP"
"""
OUTSIDE = """\
[[zone]]
type = "traversal server"
name = "Traversal"
port = 7001
username = "traversal"
transport = "TCP"
[zone.tls]
subject_names = ["expc.example.org"]
[[zone]]
type = "dns"
name = "DNS"
transport = "TCP"
[[zone]]
type = "default"
from_domain = "any"
transport = "TCP"
"""
RULE = """\
search rule "{name}" {{
    priority {priority}
    {source}
    mode {mode}
    {pattern}
    on successful match stop
    target zone "{target}"
}}
"""
OWN = (r".*@example\.org", r".*imp1-public\.example\.org.*")


def rule(name: str, priority: int, pattern: str, source: str, target: str) -> str:
    """``pattern``: a regex, '' for any alias; ``source``: a zone, '' for any."""
    text = f'pattern type regex\n    pattern "{pattern}"\n    behavior leave' if pattern else ""
    mode = "alias pattern match" if pattern else "any alias"
    where = f'source zone "{source}"' if source else ""
    return RULE.format(name=name, priority=priority, source=where, mode=mode, pattern=text, target=target)


def write(folder: Path, rules: int, domains: int) -> tuple[Path, Path]:
    """The two configurations."""
    named = [f"partner{number}" for number in range(domains)] + [f"further{number}" for number in range(rules)]
    inner = [rule(f"to {name}", 20, rf".*@{name}\.example\.com", "IMP", "Traversal") for name in named]
    inner += [rule(f"to own {number}", 30, text, "Traversal", "IMP") for number, text in enumerate(OWN)]
    outer = [rule(f"to own {number}", 20, text, "Default Zone", "Traversal") for number, text in enumerate(OWN)]
    outer.append(rule("out", 65_000, "", "Traversal", "DNS"))
    paths = folder / "inside.toml", folder / "outside.toml"
    for path, host, zones, texts in ((paths[0], "expc", INSIDE, inner), (paths[1], "expe", OUTSIDE, outer)):
        path.write_text(EDGE.format(host=host) + zones)
        (folder / f"{host}.dialplan").write_text("".join(texts))
    return paths


def run(folder: Path, rules: int, domains: int) -> int:
    """0 when every NOTIFY comes back."""
    start = time.perf_counter()
    edges = edges_of(
        [(path.name, load_config(str(path), create_secret=False)) for path in write(folder, rules, domains)]
    )
    links, _ = links_of(edges)
    loaded = time.perf_counter()
    (report,) = [prove(link, GivenNames({"": (FQDN,)})) for link in links]
    print(
        f"check of two edges, {rules} further rules, {domains} domains: {time.perf_counter() - loaded:.2f} s, after "
        f"{loaded - start:.2f} s of reading; {len(report.subscriptions)} subscriptions, {len(report.gaps)} gaps, "
        f"{len(report.unproved)} unproved"
    )
    return 0 if report.passed else 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.bench.notify_return", description=__doc__)
    parser.add_argument("--rules", type=int, default=200, help="further rules in each plan (default: 200)")
    parser.add_argument("--domains", type=int, default=32, help="of partners, at most 32 count (default: 32)")
    arguments = parser.parse_args()
    return run_in_folder("notify_return", lambda folder: run(folder, arguments.rules, arguments.domains))


if __name__ == "__main__":
    sys.exit(main())
