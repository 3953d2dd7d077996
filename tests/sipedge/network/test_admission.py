from __future__ import annotations

from dataclasses import replace

from sipedge.network.admission import Admission
from sipedge.settings import Limits

LIMITS = replace(Limits(), connections=4, connections_per_source=2)


def test_each_source_and_all_together_are_bounded() -> None:
    admission = Admission()
    answers = [admission.enter(source, LIMITS) for source in ("a", "a", "a", "b", "c")]
    assert answers == ["", "", "too many connections from a", "", "too many connections in all"]


def test_who_left_counts_no_more() -> None:
    admission = Admission()
    for source in ("a", "a", "a"):
        admission.enter(source, LIMITS)
    admission.leave("a")
    admission.leave("a")
    assert admission.enter("a", LIMITS) == ""
    for _ in range(2):
        admission.leave("a")
    assert (admission.accepted, admission.sources) == (0, 0)
