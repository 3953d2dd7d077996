"""What pip makes of the clone where a compiler is, and where none is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.third_party import require

from tools.fuzz.native import COMPILED, PARTS, ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]
START = """
import logging, sipedge
from sipedge.pjsip.stack import Stack
logging.basicConfig(level=logging.INFO)
stack = Stack(
    emit=print,
    send=print,
    may_answer=print,
    max_message=999,
    max_transactions=9,
    max_transactions_per_connection=9,
)
print(sipedge.__file__, type(stack._calls).__name__)
stack.shutdown()
"""
WITHOUT = {"CC": "/bin/false", "PATH": "/nowhere"}
"""A machine without a compiler."""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What an installation reads of the clone, with nothing compiled in it."""
    tree = tmp_path / "clone"
    tree.mkdir()
    for name in COMPILED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
        else:
            shutil.copy(ROOT / name, tree / name)
    return tree


def run(*command: str, environment: dict[str, str], folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout + done.stderr


def pip(*arguments: str, environment: dict[str, str], folder: Path) -> None:
    options = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation")
    run("-m", "pip", *arguments, *options, environment=environment, folder=folder)


def started(site: Path, folder: Path) -> str:
    """What a stack says on a machine without a compiler, and which half is at work."""
    said = run("-c", START, environment={**WITHOUT, "PYTHONPATH": str(site)}, folder=folder)
    assert f"{site}/sipedge/__init__.py" in said
    return said


def test_a_wheel_brings_the_native_half_to_a_machine_without_a_compiler(clone: Path, tmp_path: Path) -> None:
    require("gcc")
    pip("wheel", "--wheel-dir", str(tmp_path), ".", environment={}, folder=clone)
    (wheel,) = tmp_path.glob("*.whl")
    assert "-cp311-abi3-linux" in wheel.name
    site = tmp_path / "site"
    pip("install", "--target", str(site), str(wheel), environment=WITHOUT, folder=tmp_path)
    said = started(site, tmp_path)
    assert "NativeCalls" in said and "called from Python" not in said


def test_the_native_half_asks_no_more_of_a_machine_than_glibc_2_17(clone: Path) -> None:
    """What manylinux2014 promises; ``make wheel`` has auditwheel look at it."""
    environment = {"CFLAGS": "-Werror"}
    run("setup.py", "-q", "build_ext", "--inplace", environment=environment, folder=clone)
    libraries = [path.read_bytes() for path in (clone / "sipedge").rglob("*.abi3.so")]
    assert len(libraries) == PARTS
    for library in libraries:
        wanted = {tuple(map(int, found.split(b"."))) for found in re.findall(rb"GLIBC_([\d.]+)", library)}
        assert wanted and max(wanted) <= (2, 17)


def test_without_a_compiler_the_clone_is_installed_and_works_all_the_same(clone: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    pip("install", "--target", str(site), ".", environment=WITHOUT, folder=clone)
    assert list(site.rglob("*.so")) == []
    said = started(site, tmp_path)
    assert "Calls" in said and "NativeCalls" not in said
    assert said.count("called from Python, which is slower than from C: it was not compiled") == 1
