"""What pip makes of the clone works without it: the wheel in an environment of its own, and in a container."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

import pytest
from support.paths import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(600)]

SOURCES = ("sipedge", "dialplan", "zones", "docs", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE")


def run(command: Sequence[str | Path], folder: Path) -> str:
    """Outside of the clone, without its packages."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the wheel installed. Its dependencies are those of this environment: fetching them says nothing new."""
    folder = tmp_path_factory.mktemp("wheel")
    (folder / "source").mkdir()
    for source in SOURCES:  # pip leaves its working files beside them
        copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
        copy(ROOT / source, folder / "source" / source)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, folder / "source"]
    built = subprocess.run(build, capture_output=True, text=True, check=False)
    if built.returncode and "setuptools" in built.stderr:
        pytest.skip(f"pip cannot fetch what builds a wheel: {built.stderr.splitlines()[-1]}")
    assert built.returncode == 0, built.stderr
    run([sys.executable, "-m", "venv", folder / "venv"], folder)
    (wheel,) = folder.glob("sipedge-*.whl")
    run([folder / "venv" / "bin" / "pip", "install", "--quiet", "--no-deps", wheel], folder)
    (packages,) = (folder / "venv").glob("lib/python3*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "venv"


def test_the_wheel_is_what_runs(environment: Path, tmp_path: Path) -> None:
    where = run([environment / "bin" / "python", "-c", "import sipedge; print(sipedge.__file__)"], tmp_path)
    assert where.startswith(str(environment))
    assert run([environment / "bin" / "sipedge", "--version"], tmp_path).startswith("sipedge ")


def test_the_lab_runs_from_the_wheel(environment: Path, tmp_path: Path) -> None:
    assert "failed" not in run([environment / "bin" / "sipedge", "lab"], tmp_path)


def test_the_lab_runs_in_a_container(tmp_path: Path) -> None:
    builder = shutil.which("podman") or shutil.which("docker")
    if builder is None or subprocess.run([builder, "info"], capture_output=True, check=False).returncode:
        pytest.skip("neither podman nor a docker daemon is here")
    run([builder, "build", "--file", ROOT / "packaging" / "Containerfile", "--tag", "sipedge-test", ROOT], tmp_path)
    assert "failed" not in run([builder, "run", "--rm", "sipedge-test", "sipedge", "lab"], tmp_path)
