from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from support.configuration import EDGE, write

from sipedge.config import load_config
from sipedge.control.refusal import Refused
from sipedge.revisions.files import password_in, read_set, set_of

PLANS = EDGE + 'dialplans = ["a.dialplan", "more/b.dialplan"]\n'
PASSWORD = EDGE + '[[credential]]\nusername = "x"\npassword = "hunter2"\n'


@pytest.fixture
def config(tmp_path: Path) -> str:
    (tmp_path / "more").mkdir()
    (tmp_path / "a.dialplan").write_text("# a\n")
    (tmp_path / "more/b.dialplan").write_text("# b\n")
    return str(write(tmp_path, PLANS))


def problems(refused: pytest.ExceptionInfo[Refused]) -> str:
    assert refused.value.code == 422
    return "\n".join(map(str, refused.value.problems))


def test_a_set_is_edge_toml_and_the_plans_in_its_order(config: str) -> None:
    found = read_set(config)
    assert dict(found.texts) == {"edge.toml": PLANS, "a.dialplan": "# a\n", "more/b.dialplan": "# b\n"}
    assert list(found.texts) == ["edge.toml", "a.dialplan", "more/b.dialplan"]


def test_its_digest_is_the_revision_that_the_edge_names(config: str) -> None:
    assert read_set(config).digest == load_config(config).revision


def test_a_draft_is_read_in_the_place_of_the_disk(config: str) -> None:
    draft = set_of(config, {"more/b.dialplan": "# new\n", "edge.toml": PLANS})
    assert draft.texts["more/b.dialplan"] == "# new\n" and draft.texts["a.dialplan"] == "# a\n"
    settings = load_config(config, create_secret=False, texts=draft.at(config))
    assert settings.revision == draft.digest != read_set(config).digest
    assert not Path(config).with_name("edge.secret").exists()


def test_a_password_is_refused_at_its_line_without_being_shown(config: str) -> None:
    with pytest.raises(Refused) as refused:
        set_of(config, {"edge.toml": PASSWORD})
    assert "edge.toml:6:1: a revision holds no passwords" in problems(refused)
    assert "hunter2" not in problems(refused)


def test_a_password_is_seen_even_in_what_is_no_toml_yet(config: str) -> None:
    assert password_in(config, PASSWORD)
    assert password_in(config, PASSWORD + "[[listener\n")
    assert not password_in(config, PLANS) and not password_in(config, PLANS + "[[listener\n")


def test_a_plan_outside_the_folder_is_refused(config: str) -> None:
    for name in ("/etc/other.dialplan", "../other.dialplan"):
        with pytest.raises(Refused) as refused:
            set_of(config, {"edge.toml": EDGE + f'dialplans = ["{name}"]\n'})
        assert f'"{name}" lies outside the folder' in problems(refused)


def test_what_cannot_be_read_is_said(config: str, tmp_path: Path) -> None:
    (tmp_path / "a.dialplan").unlink()
    (tmp_path / "more/b.dialplan").write_bytes(b"\xff")
    with pytest.raises(Refused) as refused:
        read_set(config)
    assert "cannot be read: No such file" in problems(refused) and "not UTF-8" in problems(refused)


def test_the_digest_is_what_sha256sum_prints(config: str) -> None:
    lines = "".join(
        f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n" for name, text in read_set(config).texts.items()
    )
    assert read_set(config).digest == hashlib.sha256(lines.encode()).hexdigest()


def test_case_files_beside_the_configuration_or_its_plans_are_part_of_the_set_and_not_of_what_the_edge_has(
    config: str, tmp_path: Path
) -> None:
    before = read_set(config)
    assert before.whole == before.digest
    (tmp_path / "more/b.cases").write_text('plan "b.dialplan"\n')
    (tmp_path / "edge.cases").write_text('# of the edge\nplan "edge.toml"\r\n')
    (tmp_path / "other.cases").write_text('plan "other.toml"\n')
    (tmp_path / "draft.cases").write_text("# nothing yet\n")
    (tmp_path / "latin.cases").write_bytes(b"# \xff\n")
    (tmp_path / "far").mkdir()
    (tmp_path / "far/c.cases").write_text('plan "../edge.toml"\n')
    found = read_set(config)
    names = ["draft.cases", "edge.cases", "more/b.cases"]
    assert list(found.texts) == ["edge.toml", "a.dialplan", "more/b.dialplan", *names] and list(found.cases) == names
    assert found.texts["edge.cases"].endswith("\r\n")
    assert found.digest == before.digest == load_config(config).revision != found.whole


def test_a_draft_has_the_case_files_that_it_holds(config: str, tmp_path: Path) -> None:
    (tmp_path / "edge.cases").write_text('plan "edge.toml"\n')
    held = read_set(config)
    less = {name: text for name, text in held.texts.items() if name != "edge.cases"}
    assert set_of(config, held.texts) == held
    assert set_of(config, less).cases == {} and set_of(config, less).whole == held.digest


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("../x.cases", "", "can be there"),
        ("/etc/x.cases", "", "can be there"),
        ("more/../x.cases", "", "can be there"),
        ("far/x.cases", "", "can be there"),
        ("x\n.cases", "", "can be there"),
        ("x.cases", '# one\nplan "other.toml"\n', 'x.cases:2:6: these cases are about plans of another.*"edge.toml"'),
        ("more/x.cases", '  plan "edge.toml"', 'x.cases:1:8: these cases are.*plan "../edge.toml"'),
        ("x.cases", "#" * 1024**2 + "#", "more than 1048576 bytes"),
    ],
)
def test_no_case_file_of_a_draft_lies_or_asks_elsewhere(config: str, name: str, text: str, said: str) -> None:
    with pytest.raises(Refused) as refused:
        set_of(config, {"edge.toml": PLANS, name: text})
    assert re.search(said, problems(refused), re.DOTALL)


def test_there_are_not_more_case_files_than_anybody_keeps_in_view(config: str, tmp_path: Path) -> None:
    for number in range(201):
        (tmp_path / f"{number}.cases").write_text("")
    with pytest.raises(Refused) as refused:
        read_set(config)
    assert "201 case files" in problems(refused)


def test_a_dial_plan_called_like_a_case_file_is_refused(config: str, tmp_path: Path) -> None:
    (tmp_path / "a.cases").write_text("")
    with pytest.raises(Refused) as refused:
        set_of(config, {"edge.toml": EDGE + 'dialplans = ["a.cases"]\n'})
    assert "called like a case file" in problems(refused)
