"""The compiler lays the declarations out as cffi does, which the start-up proof compares with the library at hand."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.third_party import require

from sipedge.pjsip.declarations import DECLARATIONS, SETUP, load
from sipedge.pjsip.native import sequences


def places(kind: Any, name: str, path: str = "") -> Iterator[str]:
    """An assertion for the place of each member of a structure, and of those in it that have no name of their own."""
    ffi, _ = load()
    for member, field in kind.fields:
        whole = path + member
        yield f'_Static_assert(offsetof({name}, {whole}) == {ffi.offsetof(name, *whole.split("."))}, "{name}.{whole}");'
        if field.type.kind in ("struct", "union") and "$" in field.type.cname:
            yield from places(field.type, name, f"{whole}.")


@pytest.mark.slow
def test_every_member_of_every_structure_is_where_cffi_has_it(tmp_path: Path) -> None:
    ffi, _ = load()
    names = {*re.findall(r"^} (\w+);|^struct (\w+) {", DECLARATIONS + SETUP, re.MULTILINE)}
    structures = [one or f"struct {other}" for one, other in sorted(names)]
    assert len(structures) > 10
    lines = ["#include <stddef.h>", f'#include "{sequences.HERE / "sequences.h"}"']
    for name in structures:
        lines += [f'_Static_assert(sizeof({name}) == {ffi.sizeof(name)}, "{name}");', *places(ffi.typeof(name), name)]
    (tmp_path / "layout.c").write_text("\n".join(lines) + "\n")
    compiler = [str(require("gcc")), "-std=c11", "-c", "layout.c"]
    done = subprocess.run(compiler, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
