"""The scripts of others are what their sources make, and nothing asks another host."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from support.paths import ROOT
from support.third_party import require

STATIC = ROOT / "sipedge/console/static"
SOURCES = ROOT / "tools/console_assets"
BUILT = ("codemirror.js", "htmx.js", "LICENCES.txt")


@pytest.mark.e2e
@pytest.mark.timeout(120)
def test_what_is_committed_is_what_the_sources_make(tmp_path: Path) -> None:
    npm = require("npm")
    for name in ("package.json", "package-lock.json", "editor.mjs", "build.mjs"):
        shutil.copy(SOURCES / name, tmp_path)
    made = tmp_path / "made"
    made.mkdir()
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    subprocess.run([npm, "ci", *quiet], cwd=tmp_path, check=True, capture_output=True, timeout=100)
    subprocess.run(["node", "build.mjs", made], cwd=tmp_path, check=True, capture_output=True, timeout=60)
    assert {name for name in BUILT if (made / name).read_bytes() != (STATIC / name).read_bytes()} == set()


def test_every_script_of_others_comes_with_its_licence() -> None:
    text = (STATIC / "LICENCES.txt").read_text()
    for name in ("htmx.org 4", "@codemirror/view 6", "@lezer/common 1", "style-mod 4"):
        assert re.search(rf"^{re.escape(name)}[\d.]* \((MIT|BSD-0-Clause)\)$", text, re.MULTILINE), name


def test_templates_and_styles_name_no_other_host_and_hold_no_script_of_their_own() -> None:
    for path in [*(ROOT / "sipedge/console/templates").iterdir(), STATIC / "console.css"]:
        text = path.read_text()
        assert not re.search(r"https?://|//[a-z]+\.[a-z]|@import", text), path.name
        assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>|\son[a-z]+=|\sstyle=|javascript:", text), path.name
