"""``sipedge expressway push`` against the stand-in: the order, the writes, and every way to stop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from support.expressway_box import ANSWERS, StandIn, command, rule, stand_in

pytestmark = pytest.mark.e2e


def pulled(box: StandIn, folder: Path) -> Path:
    """The plan as it is on the box, for editing."""
    assert command(box, "pull", box.hosts[0], "-o", str(folder / "before")).exit_code == 0
    return folder / "before" / "edge.dialplan"


def pushed(box: StandIn, plan: Path, *words: str) -> Result:
    return command(box, "push", str(plan), *box.hosts, *words)


def written(box: StandIn, plan: Path, *words: str) -> Result:
    return pushed(box, plan, "--write", "--keep", str(plan.parent / "kept.dialplan"), *words)


def edited(plan: Path, old: str, new: str) -> Path:
    text = plan.read_text()
    assert old in text
    plan.write_text(text.replace(old, new))
    return plan


def fields(box: StandIn, name: str) -> dict[str, Any]:
    return next(each for each in box.cluster.rules[0] if each["Name"] == name)


def test_nothing_is_written_without_being_asked_to(tmp_path: Path) -> None:
    with stand_in(tmp_path) as box:
        plan = edited(pulled(box, tmp_path), 'target zone "A"', 'target zone "B"')
        result = pushed(box, plan)
        assert result.exit_code == 0 and box.methods == {"GET"}
    assert '1. update "to A"' in result.output and "proved: after each of 1 write" in result.output
    assert 'zone "B"' in result.output and "nothing was written" in result.output


def test_the_plan_as_it_is_needs_no_write(tmp_path: Path) -> None:
    with stand_in(tmp_path) as box:
        result = pushed(box, pulled(box, tmp_path))
    assert result.exit_code == 0 and "no request goes another way\nnothing to write" in result.output


def test_a_push_and_its_way_back(tmp_path: Path) -> None:
    with stand_in(tmp_path, 2) as box:
        before = [dict(each) for each in box.cluster.rules[0]]
        plan = edited(pulled(box, tmp_path), 'target zone "A"', 'target zone "B"')
        result = written(box, plan)
        assert result.exit_code == 0, result.output
        assert fields(box, "to A")["TargetName"] == "B" and box.cluster.rules[1] == box.cluster.rules[0]
        back = pushed(box, tmp_path / "before/kept.dialplan", "--write", "--keep", str(tmp_path / "k2.dialplan"))
        assert back.exit_code == 0, back.output
        assert box.cluster.rules[0] == before
    assert 'written: update "to A"' in result.output


def test_a_rule_that_replaces_another_is_there_before_it(tmp_path: Path) -> None:
    with stand_in(tmp_path) as box:
        plan = edited(pulled(box, tmp_path), 'search rule "to A"', 'search rule "instead"')
        result = written(box, plan)
        assert result.exit_code == 0, result.output
        changes = [request.split()[0] for request in box.cluster.requests if not request.startswith("GET")]
        assert changes == ["POST", "DELETE"] and set(box.written) == {"LocalZoneMatch", "instead", "to B"}
        assert fields(box, "instead")["PatternString"] == r".*@a\.example"


def test_another_administrator_stops_the_push(tmp_path: Path) -> None:
    with stand_in(tmp_path, meddle_after=1) as box:
        plan = edited(pulled(box, tmp_path), "priority 100", "priority 101")
        result = written(box, plan)
        assert result.exit_code == 1
        assert box.cluster.writes == 1
    assert 'rule "LocalZoneMatch" of' in result.output and "has another value of State" in result.output
    assert (
        "The way back, in this order" in result.output and '  update "to A"\n      search rule "to A"' in result.output
    )


def test_a_write_that_is_not_done_stops_the_push(tmp_path: Path) -> None:
    with stand_in(tmp_path, ignore_after=2) as box:
        plan = edited(pulled(box, tmp_path), "priority 100", "priority 101")
        result = written(box, plan)
        assert result.exit_code == 1 and box.cluster.writes == 2
    assert 'after update "to B", rule "to B"' in result.output and "has another value of Priority" in result.output


def test_a_write_that_fails_stops_the_push(tmp_path: Path) -> None:
    with stand_in(tmp_path, break_after=1) as box:
        result = written(box, edited(pulled(box, tmp_path), 'target zone "A"', 'target zone "B"'))
        assert result.exit_code == 1 and box.cluster.writes == 1
    assert "answers 500" in result.output


def test_a_peer_that_gets_nothing_stops_the_push(tmp_path: Path) -> None:
    with stand_in(tmp_path, 2, delay=60.0) as box:
        plan = edited(pulled(box, tmp_path), "priority 100", "priority 101")
        result = written(box, plan, "--patience", "0")
        assert result.exit_code == 1 and box.cluster.writes == 1
    assert f'{box.hosts[1]} has not the rules of the primary 0 s after update "to A"' in result.output


def test_replication_is_waited_for(tmp_path: Path) -> None:
    with stand_in(tmp_path, 2, delay=0.2) as box:
        result = written(box, edited(pulled(box, tmp_path), 'target zone "A"', 'target zone "B"'))
        assert result.exit_code == 0, result.output
        assert box.cluster.rules[1] == box.cluster.rules[0]


def test_all_peers_are_named_and_alike_before_a_write(tmp_path: Path) -> None:
    with stand_in(tmp_path, 2) as box:
        plan = edited(pulled(box, tmp_path), 'target zone "A"', 'target zone "B"')
        words = ("--write", "--keep", str(tmp_path / "kept.dialplan"))
        alone = command(box, "push", str(plan), box.hosts[0], *words)
        assert alone.exit_code == 2 and "the cluster has 1 more peer: name all" in alone.output
        box.cluster.rules[1].pop()
        apart = command(box, "push", str(plan), *box.hosts, *words)
        assert apart.exit_code == 2 and "has other search rules than the primary" in apart.output
        assert box.methods == {"GET"}


def test_where_no_order_exists_nothing_is_written_and_a_request_shows_it(tmp_path: Path) -> None:
    both = [rule("one", "A", ".*@x", Priority=1, OnSuccessfulMatch="Continue"), rule("two", "B", ".*@x", Priority=2)]
    with stand_in(tmp_path, 1, ANSWERS | {"common/searchrule": both}) as box:
        plan = pulled(box, tmp_path)
        edited(edited(edited(plan, 'zone "A"', "zone X"), 'zone "B"', 'zone "A"'), "zone X", 'zone "B"')
        result = written(box, plan)
        assert result.exit_code == 1 and box.methods == {"GET"}
    assert "no order exists" in result.output and "between: " in result.output
    assert 'these would have to change at once: update "one", update "two"' in result.output


def test_what_is_system_generated_is_never_touched(tmp_path: Path) -> None:
    rules = [rule("made", "A", ".*", SystemGenerated="Yes"), rule("to B", "B", "x")]
    with stand_in(tmp_path, 1, ANSWERS | {"common/searchrule": rules}) as box:
        result = written(box, edited(pulled(box, tmp_path), 'target zone "A"', 'target zone "B"'))
        assert result.exit_code == 2 and box.methods == {"GET"}
    assert 'update "made": the rule is system generated and never touched' in result.output


def test_a_zone_that_the_box_has_not_is_told(tmp_path: Path) -> None:
    with stand_in(tmp_path) as box:
        result = pushed(box, edited(pulled(box, tmp_path), 'target zone "A"', 'target zone "Nowhere"'))
    assert result.exit_code == 2 and 'the box has no zone "Nowhere": add it there first' in result.output


def test_a_rule_that_is_not_understood_keeps_everything_from_being_proved(tmp_path: Path) -> None:
    with stand_in(tmp_path) as box:
        plan = pulled(box, tmp_path)
        box.cluster.rules[0][1]["SIPVariant"] = "Martian"
        odd = pushed(box, plan)
        box.cluster.rules[0][1] |= {"SIPVariant": "Any", "PatternString": r"(a)\1"}
        impossible = pushed(box, plan)
        box.cluster.rules[0][1] |= {"PatternString": ".*@%ip%"}
        unknown = pushed(box, plan)
    assert odd.exit_code == 2 and '"to A" of the box has a value that is not known' in odd.output
    assert impossible.exit_code == 2 and '"to A" of the box is not possible here' in impossible.output
    assert unknown.exit_code == 2 and "add a dump of the box (--dump)" in unknown.output


def test_transforms_are_not_pushed(tmp_path: Path) -> None:
    with stand_in(tmp_path) as box:
        plan = pulled(box, tmp_path)
        plan.write_text('transform "t" {\n    priority 1\n    pattern "x"\n    behavior strip\n}\n' + plan.read_text())
        result = pushed(box, plan)
    assert result.exit_code == 2 and "only search rules are pushed; change transforms on the box" in result.output


def test_a_push_without_a_way_back_is_not_begun(tmp_path: Path) -> None:
    with stand_in(tmp_path) as box:
        result = pushed(box, pulled(box, tmp_path), "--write")
    assert result.exit_code == 2 and "--write needs --keep FILE" in result.output


def test_what_a_box_says_cannot_write_on_the_terminal(tmp_path: Path) -> None:
    with stand_in(tmp_path) as box:
        plan = pulled(box, tmp_path)
        box.cluster.rules[0].append(rule("\x1b[2Jevil", "A", "x", Description="\x1b[1m"))
        result = pushed(box, plan)
    assert result.exit_code == 2 and "[2Jevil" in result.output and "\x1b" not in result.output


def test_an_interrupted_push_tells_the_way_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(request: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sipedge.cli.expressway.push_run._tell", interrupt)
    with stand_in(tmp_path) as box:
        result = written(box, edited(pulled(box, tmp_path), "priority 100", "priority 101"))
        assert result.exit_code == 130 and box.cluster.writes == 1
    assert "The way back, in this order" in result.output and '  update "to A"\n' in result.output
