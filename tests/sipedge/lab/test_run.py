from __future__ import annotations

from sipedge.lab.run import verdict
from sipedge.lab.scenario import StepResult


def test_verdict_says_each_step_and_the_sum() -> None:
    assert verdict([StepResult("One", True, "fine"), StepResult("Two", True, "too")]) == [
        "ok      One: fine",
        "ok      Two: too",
        "verdict: all 2 steps arrived",
    ]
    lines = verdict([StepResult("One", True, "fine"), StepResult("Two", False, "no answer")])
    assert lines[1:] == ["FAILED  Two: no answer", "verdict: 1 of 2 steps failed"]
