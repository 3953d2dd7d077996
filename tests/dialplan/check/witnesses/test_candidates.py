from __future__ import annotations

from support.linting import rule
from support.plans import compiled

from dialplan.analysis import SymbolicPlan
from dialplan.check.witnesses.candidates import Candidates


def test_by_the_text_behind_the_at() -> None:
    texts = [
        r".*@a\.example",
        r".*@a\.example\.com",
        r".*@b\.example",
        "alice.*",
        r".*@a\.example(:.*)?",
        r"x@[ab]\.example",
    ]
    plan = SymbolicPlan(compiled("".join(rule(f"r{place}", place + 1, text) for place, text in enumerate(texts))))
    candidates = Candidates(plan.rules)
    found = [list(candidates.of(one)) for one in plan.rules]
    assert found == [
        [0, 1, 3, 4, 5],
        [0, 1, 3, 4, 5],
        [2, 3, 5],
        [0, 1, 2, 3, 4, 5],
        [0, 1, 3, 4, 5],
        [0, 1, 2, 3, 4, 5],
    ]
