from __future__ import annotations

from pathlib import Path

from support.configuration import EDGE, errors, write

from sipedge.config import load_config

CONFIG = EDGE + 'dialplans = ["one.dialplan", "two.dialplan"]\n[[zone]]\nname = "D"\ntype = "dns"\ntransport = "TCP"\n'


def _rule(name: str, target: str = "D", more: str = "") -> str:
    return f'search rule "{name}" {{\n    target zone "{target}"\n{more}}}\n'


def _plans(folder: Path, one: str, two: str) -> None:
    (folder / "one.dialplan").write_text(one)
    (folder / "two.dialplan").write_text(two)


def test_files_are_joined_in_their_order(tmp_path: Path) -> None:
    _plans(tmp_path, _rule("a"), _rule("b"))
    plan = load_config(write(tmp_path, CONFIG)).plan
    assert [rule.name for rule in plan.dialplan.rules] == ["a", "b"]
    assert plan.dialplan.rules[1].location.file == str(tmp_path / "two.dialplan")
    assert plan.variables.domains == ("example.com",)


def test_names_are_unique_over_all_files(tmp_path: Path) -> None:
    _plans(tmp_path, _rule("a"), _rule("a"))
    (message,) = errors(tmp_path, CONFIG)
    assert message.startswith("two.dialplan:1:")


def test_a_wrong_zone_in_one_file_hides_no_mistake_in_the_other(tmp_path: Path) -> None:
    bad = '    mode alias pattern match\n    behavior leave\n    pattern "%localdomain9%"\n'
    _plans(tmp_path, _rule("a", "E"), _rule("b", more=bad))
    assert [message.partition(": ")[0] for message in errors(tmp_path, CONFIG)] == [
        "one.dialplan:2:17",
        "two.dialplan:5:14",
    ]


def test_a_broken_edge_table_makes_no_pattern_wrong(tmp_path: Path) -> None:
    _plans(tmp_path, _rule("a", more='    mode alias pattern match\n    pattern "%localdomain1%"\n'), "")
    text = CONFIG.replace('domains = ["example.com"]', "domains = [1]")
    assert [message.partition("\n")[0] for message in errors(tmp_path, text)] == [
        'edge.toml:3:12: "domains" must be text'
    ]


def test_text_that_is_not_utf_8(tmp_path: Path) -> None:
    _plans(tmp_path, "", "")
    (tmp_path / "two.dialplan").write_bytes(b"# M\xfcller\n")
    (message,) = errors(tmp_path, CONFIG)
    assert message.startswith('edge.toml:4:30: "two.dialplan" is not UTF-8 text')


def test_the_local_zone_may_be_named(tmp_path: Path) -> None:
    _plans(tmp_path, _rule("a", "Local Zone"), _rule("b", more='    source zone "Default Zone"\n'))
    assert errors(tmp_path, CONFIG) == []
