"""The digest that names a configuration: which texts count, and that anybody can work it out."""

from __future__ import annotations

import subprocess
from pathlib import Path

from support.configuration import EDGE, write

from sipedge.config import load_config
from sipedge.config.reading.files import revision_of

CONFIG = EDGE + 'dialplans = ["a.dialplan", "b.dialplan"]\n'
RULE = 'search rule "r" {\n    mode any alias\n    on successful match stop\n    target zone "Local Zone"\n}\n'


def revision(folder: Path, config: str = CONFIG, a: str = RULE, b: str = "") -> str:
    folder.mkdir(exist_ok=True)
    write(folder, a, "a.dialplan")
    write(folder, b, "b.dialplan")
    return load_config(write(folder, config)).revision


def test_it_is_what_sha256sum_says(tmp_path: Path) -> None:
    made = revision(tmp_path)
    command = "sha256sum edge.toml a.dialplan b.dialplan | sha256sum"
    said = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert said.split()[0] == made


def test_any_text_makes_another_one_and_the_folder_does_not(tmp_path: Path) -> None:
    first = revision(tmp_path / "one")
    assert revision(tmp_path / "two") == first
    others = [
        revision(tmp_path / "one", config=CONFIG + "\n"),
        revision(tmp_path / "one", a=RULE + "\n"),
        revision(tmp_path / "one", a="", b=RULE),
    ]
    assert len({first, *others}) == 4


def test_line_ends_count_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "b.dialplan").write_text("")
    (tmp_path / "a.dialplan").write_bytes(RULE.replace("\n", "\r\n").encode())
    (tmp_path / "edge.toml").write_bytes(CONFIG.replace("\n", "\r\n").encode())
    made = load_config(tmp_path / "edge.toml").revision
    command = "sha256sum edge.toml a.dialplan b.dialplan | sha256sum"
    said = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert said.split()[0] == made


def test_secret_and_certificates_do_not_count(tmp_path: Path) -> None:
    first = revision(tmp_path)
    (tmp_path / "edge.secret").write_text("ab" * 32)
    assert revision(tmp_path) == first


def test_names_cannot_be_taken_for_other_names(tmp_path: Path) -> None:
    odd = 'a\nb\\c"'
    (tmp_path / odd).write_text("text")
    said = subprocess.run(["sha256sum", odd], cwd=tmp_path, capture_output=True, check=True).stdout
    whole = subprocess.run(["sha256sum"], input=said, capture_output=True, check=True).stdout.decode()
    assert whole.split()[0] == revision_of([(odd, "text")])
