from __future__ import annotations

import pytest

from dialplan.check import Level, finding_of
from dialplan.model import Location
from dialplan.problem import Problem


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("unknown variable %localdomain%", "unknown-variable"),
        ("%localdomain7% has no value here", "unknown-variable"),
        ("%ip% in a replace string", "unknown-variable"),
        ('there is no zone "X"', "unknown-zone"),
        ("nothing can be sent to the Default Zone: it stands for", "unknown-zone"),
        (r"\2, but the pattern has 1 group", "missing-group"),
        ("a [ without ]", "syntax"),
    ],
)
def test_kinds(message: str, kind: str) -> None:
    place = Location("a.dialplan", 3, 4)
    found = finding_of(Problem(place, message, "do this"))
    assert (found.id, found.level, found.location, found.mend) == (kind, Level.ERROR, place, "do this")
