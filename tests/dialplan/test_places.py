from __future__ import annotations

import pickle

from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from dialplan.model import Location
from dialplan.places import Lines, Places


@examples(200)
@given(st.text("a\n\r", max_size=12))
def test_every_offset_has_its_line_and_column(text: str) -> None:
    lines = Lines("f", text)
    for offset in range(len(text) + 1):
        before = text[:offset]
        column = offset - (before.rfind("\n") + 1) + 1
        expected = Location("f", before.count("\n") + 1, column)
        assert lines.location(offset) == lines.following(offset) == expected


def test_places_are_a_mapping_that_travels() -> None:
    places = Places(Lines("f", "one\ntwo"), {"pattern": 5})
    for each in (places, pickle.loads(pickle.dumps(places))):
        assert each == {"pattern": Location("f", 2, 2)} and list(each) == ["pattern"] and len(each) == 1
        assert "pattern" in each and "replace" not in each and each.get("replace") is None
