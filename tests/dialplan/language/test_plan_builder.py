from __future__ import annotations

from lark import Token

from dialplan.language.plan_builder import PlanBuilder
from dialplan.model import Location, SearchRule, SourceMode
from dialplan.notes import Notes


def token(kind: str, text: str, line: int | None = 1, column: int = 1) -> Token:
    return Token(kind, text, line=line, column=column)


def test_a_block() -> None:
    notes = Notes("f", "\n\n\n")
    builder = PlanBuilder(notes, "")
    builder.add(
        [
            token("KIND", "search  RULE"),
            token("STRING", '"a ""b"""'),
            token("ZONE_FIELD", 'source zone "x"\n  ', 2, 3),
            token("WORDS_FIELD", "state   disabled\n", 3, 3),
            token("TEXT_FIELD", 'description "d"', 4, 3),
        ]
    )
    (rule,) = builder.plan().rules
    assert rule == SearchRule(name='a "b"', description="d", source=SourceMode.NAMED, source_name="x", enabled=False)
    assert rule.places["source"] == Location("f", 2, 15)
    assert rule.places["state"] == Location("f", 3, 11)
    assert [one.message for one in notes.problems] == ["a search rule without a target"]


def test_a_block_that_the_parser_made_up_is_left_out() -> None:
    builder = PlanBuilder(Notes("f", ""), "")
    builder.add([token("KIND", "search rule", None), token("STRING", '""', None), token("WORDS_FIELD", "priority x")])
    assert builder.plan().rules == ()
