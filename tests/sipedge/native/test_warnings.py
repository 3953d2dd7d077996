from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.third_party import require

from sipedge.pjsip.native import sequences
from sipedge.sip.native import heads


@pytest.mark.slow
def test_the_compiler_finds_nothing_to_warn_of(tmp_path: Path) -> None:
    """Without Python's headers what needs them is left out."""
    strict = "-std=c11 -O2 -Wall -Wextra -Wconversion -Werror -fanalyzer -fstack-protector-strong -D_FORTIFY_SOURCE=2"
    files = [str(path) for path in (*sequences.COMPILED, *heads.COMPILED) if "Python.h" not in path.read_text()]
    assert files
    done = subprocess.run(
        [str(require("gcc")), *strict.split(), "-c", *files], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
