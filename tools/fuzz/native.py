"""The native half, compiled with AddressSanitizer, against the other one: conversations at random until time is up."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from time import monotonic
from typing import TypeVar

from tools.live.edge import ROOT

from . import captures
from .conversation import steps
from .halves import Halves
from .pairs import Pair

COMPILED = ("setup.py", "pyproject.toml", "README.md", "sipedge", "dialplan", "zones", "tools")
"""Of the clone: what the copy that is compiled has to hold."""
Asked = TypeVar("Asked")
PARTS = 4
"""_sequences, _heads, _ways and _packets."""
PAIRS = 4
"""Of so many conversations one is with an edge of two workers."""
CAPTURES = 3
"""Of so many conversations one is a capture."""
FLAGS = "-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -g"


class Unavailable(Exception):
    """One sentence: what is missing."""


def compiled(folder: Path) -> tuple[Path, Mapping[str, str]]:
    """A copy of the clone in ``folder`` with a watched native half, and the environment it runs in.

    Raises Unavailable.
    """
    tree = folder / "watched"
    for name in COMPILED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / name, tree / name)
    for old in tree.rglob("*.so"):
        old.unlink()
    command = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
    environment = {**os.environ, "CFLAGS": f"{FLAGS} -Werror", "LDFLAGS": "-fsanitize=address,undefined"}
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    if len([*(tree / "sipedge").rglob("*.so")]) < PARTS:
        raise Unavailable(f"the native half could not be compiled with AddressSanitizer: {done.stderr[-500:]}")
    return tree, _watching()


def _watching() -> Mapping[str, str]:
    """Python itself is not compiled so, and keeps memory for itself: each of its objects becomes a block of its own."""
    runtime = [_path("libasan.so"), _path("libubsan.so")]
    return {"LD_PRELOAD": ":".join(runtime), "ASAN_OPTIONS": "detect_leaks=0", "PYTHONMALLOC": "malloc"}


def _path(library: str) -> str:
    asked = ["gcc", f"-print-file-name={library}"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


def search(samples: Sequence[bytes], seed: int, seconds: float, folder: Path) -> int:
    """0, or 1 when a conversation made a difference or ended a half: it is kept in ``folder`` then, pickled."""
    try:
        tree, environment = compiled(folder)
    except Unavailable as error:
        print(error, flush=True)
        return 1
    chance, end, played = Random(seed), monotonic() + seconds, 0
    with Halves(environment, tree) as halves, Pair(environment, tree) as pair:
        while monotonic() < end:
            played += 1
            conversation = (captures.steps if played % CAPTURES == 0 else steps)(chance, samples)
            if difference := _difference(halves.difference, conversation):
                (folder / "conversation.pickle").write_bytes(pickle.dumps(conversation))
                print(f"{difference[:2000]}\nafter {played} conversations; kept in {folder}", flush=True)
                return 1
            number = chance.randrange(2**32)
            if played % PAIRS == 0 and (difference := _difference(pair.difference, number)):
                print(f"{difference[:2000]}\nat an edge of two workers, conversation {number}", flush=True)
                return 1
    statuses = *halves.statuses, *pair.statuses
    print(f"{played} conversations, no difference, exit statuses {statuses}", flush=True)
    return int(any(statuses))


def _difference(played: Callable[[Asked], str], conversation: Asked) -> str:
    try:
        return played(conversation)
    except (EOFError, ConnectionError) as error:
        return f"a process has ended: {error}"
