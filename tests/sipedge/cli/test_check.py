from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner
from support.configuration import EDGE, write

from sipedge.cli import main


def test_good(tmp_path: Path) -> None:
    path = write(tmp_path, EDGE)
    result = CliRunner().invoke(main, ["check", str(path)])
    assert (result.exit_code, result.stdout) == (0, f"{path}: good (0 listeners, 1 zones)\n")
    assert list(tmp_path.iterdir()) == [path]


def test_broken(tmp_path: Path) -> None:
    path = write(tmp_path, EDGE + "histori = 1\nkeep_uri_parameters = 0\n")
    result = CliRunner().invoke(main, ["check", str(path)])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        f'{path}:4:1: [edge] has no key "histori"\n'
        "    histori = 1\n"
        "    ^\n"
        '    did you mean "history"?\n'
        f'{path}:5:23: "keep_uri_parameters" must be true or false\n'
        "    keep_uri_parameters = 0\n"
        "                          ^\n"
        "    write true or false without quotes\n"
        "sipedge: 2 errors\n"
    )


def test_colours_are_for_terminals(tmp_path: Path) -> None:
    path = write(tmp_path, EDGE + "histori = 1\n")
    assert "\x1b[" not in CliRunner().invoke(main, ["check", str(path)]).stderr
    assert "\x1b[31m    ^" in CliRunner().invoke(main, ["check", str(path)], color=True).stderr


def test_no_such_file() -> None:
    result = CliRunner().invoke(main, ["check", "none.toml"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "none.toml:1:1: cannot be read: No such file or directory\nsipedge: 1 error\n"
