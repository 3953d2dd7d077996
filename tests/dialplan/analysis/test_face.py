from __future__ import annotations

import re

from support.paths import ROOT

import dialplan.analysis

INNER = re.compile(r"^\s*from dialplan\.analysis\.\w|^\s*import dialplan\.analysis\.\w", re.MULTILINE)


def test_other_rooms_know_the_analysis_by_its_face() -> None:
    sources = [path for package in ("dialplan", "sipedge") for path in (ROOT / package).rglob("*.py")]
    others = [path for path in sources if ROOT / "dialplan" / "analysis" not in path.parents]
    assert [str(path) for path in others if INNER.search(path.read_text())] == []


def test_the_face_is_in_order() -> None:
    assert sorted(dialplan.analysis.__all__) == dialplan.analysis.__all__
