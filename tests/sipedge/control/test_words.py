"""Changes in words."""

from __future__ import annotations

from sipedge.control.values import ChangesJson
from sipedge.control.words import changes_text

NONE = {"added": 0, "removed": 0, "changed": 0}
NO_NAMES: dict[str, list[str]] = {"added": [], "removed": [], "changed": []}


def changes(**some: object) -> ChangesJson:
    return {"rules": NONE, "transforms": NONE, "zones": NO_NAMES, "settings": [], **some}  # type: ignore[typeddict-item]


def test_only_what_is_different_is_named() -> None:
    assert changes_text(changes()) == "nothing"
    rules = {"added": 1, "removed": 0, "changed": 2}
    assert changes_text(changes(rules=rules, settings=["limits", "keep_uri_parameters"])) == (
        "rules +1 -0 (2 changed), limits changed, keep uri parameters changed"
    )
    assert changes_text(changes(transforms={**NONE, "removed": 3})) == "transforms +0 -3"


def test_zones_have_names_as_long_as_they_are_few() -> None:
    assert changes_text(changes(zones={**NO_NAMES, "added": ["a"], "changed": ["b", "c"]})) == (
        'zone "a" added, zones "b", "c" changed'
    )
    assert changes_text(changes(zones={**NO_NAMES, "removed": list("abcdef")})) == "6 zones removed"
