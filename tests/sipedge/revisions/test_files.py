from __future__ import annotations

import hashlib
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
