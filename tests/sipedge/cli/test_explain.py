from __future__ import annotations

from pathlib import Path

from support.configuration import EDGE, write

from dialplan.model import Query
from sipedge.cli.explain import explanation_text
from sipedge.config import load_config
from sipedge.queries.trees.explained import places_of

ZONES = """
[[credential]]
username = "u"
password = "p"
[[zone]]
name = "N"
type = "neighbor"
peers = ["192.0.2.5", "n.example"]
transport = "TCP"
[[zone]]
name = "T"
type = "traversal client"
peers = ["192.0.2.6"]
username = "u"
transport = "TCP"
[[zone]]
name = "D"
type = "dns"
transport = "TCP"
"""
PLAN = 'search rule "a" {\ntarget zone "N"\n}\nsearch rule "b" {\ntarget zone "Local Zone"\n}\n'


def test_one_tree_for_all(tmp_path: Path) -> None:
    (tmp_path / "p").write_text(PLAN)
    settings = load_config(write(tmp_path, EDGE + 'dialplans = ["p"]\n' + ZONES), create_secret=False)
    places = places_of(settings)
    assert [places(name) for name in ("N", "T", "D", "Local Zone")] == [
        "[TCP 192.0.2.5, n.example port 5061]",
        "[traversal connection, port 7001]",
        "[by DNS]",
        "[nothing registers here]",
    ]
    explanation = settings.plan.search(Query("a\x1b@b", "D", authenticated=True))
    assert explanation_text(explanation, "why", lambda name: "") == (
        "a\\x1b@b\n"
        "├── from D, authenticated; standard (why)\n"
        "├── no transform\n"
        "├── priority 100\n"
        '│   ├── N as a\\x1b@b  (rule "a")\n'
        '│   └── Local Zone as a\\x1b@b  (rule "b")\n'
        "└── rules\n"
        "    ├──   100 a: matched\n"
        "    └──   100 b: matched\n"
    )
