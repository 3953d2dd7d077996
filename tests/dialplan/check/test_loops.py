from __future__ import annotations

from support.linting import found, rule, told


def test_back_to_where_it_came_from() -> None:
    text = rule("r", 1, r".*@a\.example")
    (one,) = found(text, "sent-back")
    assert (one.witness and one.witness.source, one.level.value) == ("A", "note")
    (one,) = found(text + rule("s", 2, "s.*"), "sent-back")
    assert one.why.endswith("back to it (so do 1 other rules)")
    named = text.replace("    mode", '    source zone "B"\n    mode')
    assert found(named, "sent-back") == []


def test_an_alias_that_changes_each_time() -> None:
    growing = rule("r", 1, r"(.*)@a\.example", behavior="replace").replace(
        "    target", '    replace "0\\1@a.example"\n    target'
    )
    assert told(growing, "transform-loop") == [("warning", "r", "alice@a.example")]


def test_between_two_zones() -> None:
    there = rule("there", 1, r"(.*)@a\.example", "B", behavior="replace")
    there = there.replace("    mode", '    source zone "A"\n    replace "\\1@b.example"\n    mode')
    back = rule("back", 1, r"(.*)@b\.example", "A", behavior="replace")
    back = back.replace("    mode", '    source zone "B"\n    replace "\\1@a.example"\n    mode')
    assert {name for _, name, _ in told(there + back, "transform-loop")} == {"there", "back"}
    assert found(there, "transform-loop") == []
