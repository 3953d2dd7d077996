from __future__ import annotations

from dialplan.language.blocks import BlockToken
from dialplan.language.plan_builder import PlanBuilder
from dialplan.model import Location, SearchRule, SourceMode
from dialplan.notes import Notes

TEXT = '''search  RULE "a ""b""" {
  source zone "x"
  state   disabled
  description "d"
}
'''


def token(kind: str, text: str, made_up: bool = False) -> BlockToken:
    return kind, text, None if made_up else max(0, TEXT.find(text))


def test_a_block() -> None:
    notes = Notes("f", TEXT)
    builder = PlanBuilder(notes, TEXT)
    builder.add(
        [
            token("KIND", "search  RULE"),
            token("STRING", '"a ""b"""'),
            token("ZONE_FIELD", 'source zone "x"\n  '),
            token("WORDS_FIELD", "state   disabled\n"),
            token("TEXT_FIELD", 'description "d"'),
        ]
    )
    (rule,) = builder.plan().rules
    assert rule == SearchRule(name='a "b"', description="d", source=SourceMode.NAMED, source_name="x", enabled=False)
    assert rule.location == Location("f", 1, 1)
    assert rule.places == {
        "source": Location("f", 2, 15),
        "state": Location("f", 3, 11),
        "description": Location("f", 4, 15),
    }
    assert [one.message for one in notes.problems] == ["a search rule without a target"]


def test_a_block_that_the_parser_made_up_is_left_out() -> None:
    builder = PlanBuilder(Notes("f", ""), "")
    builder.add([token("KIND", "search rule", True), token("STRING", '""', True), token("WORDS_FIELD", "priority x")])
    assert builder.plan().rules == ()
