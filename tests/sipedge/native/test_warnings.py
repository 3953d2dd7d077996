from __future__ import annotations

import re
import subprocess
import sysconfig
from pathlib import Path

import pytest
from support.third_party import require

from sipedge.pjsip.native import sequences
from sipedge.remembered.native import ways
from sipedge.sip.native import heads
from sipedge.traces.capture.native import packets


def has_all(source: Path, headers: Path) -> bool:
    """Whether all that a file includes is there."""
    text = source.read_text()
    local = [source.parent / name for name in re.findall(r'#include "(.+)"', text)]
    return ("<Python.h>" not in text or (headers / "Python.h").exists()) and all(
        has_all(each, headers) for each in local
    )


@pytest.mark.slow
def test_the_compiler_finds_nothing_to_warn_of(tmp_path: Path) -> None:
    """Without Python's headers what needs them is left out."""
    headers = Path(sysconfig.get_paths()["include"])
    strict = "-std=c11 -O2 -Wall -Wextra -Wconversion -Werror -fanalyzer -fstack-protector-strong -D_FORTIFY_SOURCE=2"
    strict += f' -I{headers} -DSIPEDGE_SOURCES=""'
    compiled = (*sequences.COMPILED, *heads.COMPILED, *ways.COMPILED, *packets.COMPILED)
    files = {str(path) for path in compiled if has_all(path, headers)}
    assert files
    done = subprocess.run(
        [str(require("gcc")), *strict.split(), "-c", *files], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
