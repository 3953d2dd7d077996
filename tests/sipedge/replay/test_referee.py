from __future__ import annotations

from support.settings import make_settings, rule
from support.settings import rule as written

from dialplan.model import Traffic
from sipedge.replay.referee import AGREES, DIFFERS, NOT_COMPARABLE, Circumstances, Referee, Ruling, squeezed
from sipedge.replay.search_log import SILENCE, BoxLine, BoxSearch

ALIAS = "bob@inside.example"
RULES = (
    rule("elsewhere", "Outside", r".*@outside\.example", priority="10")
    + rule("from inside", "Outside", source_zone='"Inside"', priority="20", on_match="continue")
    + rule("chat", "Inside", traffic_type="microsoft im and presence", priority="30", on_match="continue")
    + rule("in", "Inside", r".*@inside\.example", priority="40")
    + rule("behind", "Outside", priority="50")
)
REFEREE = Referee(make_settings(RULES))
NOTHING_KNOWN = Circumstances()
NO_MATCH, SOURCE = "alias", "source filtering"


def line(name: str, why_not: str = "", target: str = "Inside", priority: int = 40, alias: str = ALIAS) -> BoxLine:
    return BoxLine(1.0, 9, name, why_not, alias, *(("", 0) if why_not else (target, priority)))


def judge(*lines: BoxLine, known: Circumstances = NOTHING_KNOWN, referee: Referee = REFEREE) -> dict[str, Ruling]:
    return {one.line.rule: one for one in referee.judge(BoxSearch(list(lines)), known)}


WHOLE = (line("elsewhere", NO_MATCH), line("from inside", SOURCE), line("chat", "SIP variant filtering"), line("in"))


def test_a_search_that_went_the_same_way_agrees_line_by_line() -> None:
    rulings = judge(*WHOLE)
    assert {name: one.verdict for name, one in rulings.items()} == {name: AGREES for name in rulings}
    assert len(rulings) == 4 and rulings["in"].query.source == "Outside" and not rulings["in"].zone_known


def test_what_messages_tell_is_taken_as_it_is() -> None:
    rulings = judge(*WHOLE, known=Circumstances("Inside", Traffic.STANDARD))
    assert rulings["from inside"].verdict == DIFFERS and "here it applies" in rulings["from inside"].reason
    assert rulings["in"].verdict == AGREES and rulings["in"].zone_known
    rulings = judge(*WHOLE, known=Circumstances("Outside", Traffic.MICROSOFT_IMP))
    assert rulings["chat"].verdict == DIFFERS


def test_a_rule_that_is_not_configured_is_not_compared() -> None:
    rulings = judge(*WHOLE[:3], line("unknown", NO_MATCH), line("in"))
    assert rulings["unknown"].verdict == NOT_COMPARABLE and "no such rule" in rulings["unknown"].reason


def test_another_target_tells_of_another_configuration() -> None:
    ruling = judge(*WHOLE[:3], line("in", target="Elsewhere"))["in"]
    assert ruling.verdict == NOT_COMPARABLE and "another time" in ruling.reason


def test_a_rule_is_judged_with_the_priority_of_the_log() -> None:
    rulings = judge(*WHOLE[:3], line("in", priority=60), line("behind", target="Outside", priority=50))
    assert rulings["in"].verdict == DIFFERS  # "behind" says Stop at 50
    rulings = judge(*WHOLE[:3], line("in", priority=35))
    assert rulings["in"].verdict == AGREES and "CONFIG, of another time, says 40" in rulings["in"].reason


def test_another_alias_for_the_target_differs() -> None:
    ruling = judge(line("elsewhere", NO_MATCH), line("in", alias="else@inside.example"))["in"]
    assert ruling.verdict == DIFFERS and "the alias for the target" in ruling.reason


def test_a_rule_that_the_box_asks_and_we_do_not_differs() -> None:
    ruling = judge(line("elsewhere", NO_MATCH), line("in"), line("behind", target="Outside", priority=50))["behind"]
    assert ruling.verdict == DIFFERS and "the box asks its target" in ruling.reason


def test_a_rule_behind_a_stop_is_not_looked_at_here() -> None:
    ruling = judge(line("behind", NO_MATCH), *WHOLE)["behind"]
    assert ruling.verdict == DIFFERS and "behind a Stop" in ruling.reason


def test_two_reasons_not_to_apply_are_no_difference() -> None:
    ruling = judge(line("from inside", NO_MATCH), *WHOLE[::3])["from inside"]
    assert ruling.verdict == AGREES and "another of the reasons" in ruling.reason


def test_silence_about_a_rule_that_applies_here_differs() -> None:
    rulings = judge(*WHOLE[:3])
    assert rulings["in"].verdict == DIFFERS and rulings["in"].line.why_not == SILENCE


def test_silence_may_be_the_stop_of_a_rule_that_is_not_configured() -> None:
    rulings = judge(*WHOLE[:3], line("unknown", priority=2))
    assert rulings["in"].verdict == NOT_COMPARABLE and "may say Stop" in rulings["in"].reason


def test_authentication_is_tried_too() -> None:
    referee = Referee(make_settings(RULES + written("signed in", "Inside", priority="5", authenticated="yes")))
    rulings = judge(line("signed in", priority=5), referee=referee)
    assert rulings["signed in"].verdict == AGREES and rulings["signed in"].query.authenticated


def test_a_ruling_as_json() -> None:
    found = judge(*WHOLE)["in"].to_json()
    assert found["box"] == f"asks Inside at priority 40 as {ALIAS}"
    assert (found["rule"], found["ours"], found["verdict"], found["zone_known"]) == ("in", "matched", AGREES, False)


def test_the_log_shows_aliases_after_the_transform() -> None:
    transform = 'transform "t" {\n    pattern type regex\n    pattern "(.*)@inside.example"\n    behavior replace\n'
    transform += '    replace "\\1@gone.example"\n}\n'
    assert judge(*WHOLE, referee=Referee(make_settings(transform + RULES)))["in"].verdict == AGREES


def test_names_of_zones_lose_their_blanks() -> None:
    assert squeezed("Local Zone") == squeezed("LocalZone")
