"""What is in C and what is in Python side by side, each in a process of its own, and what they do differently."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

from tools.live.edge import ROOT

from .conversation import Step


class Half:
    """A process that plays conversations; ``tree``: the source tree that it runs from."""

    def __init__(self, environment: Mapping[str, str], tree: Path = ROOT) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tools.fuzz.conversation"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=tree,
            env={**os.environ, "PYTHONPATH": str(tree), "PYTHONHASHSEED": "0", **environment},
        )

    def play(self, conversation: Sequence[Step]) -> list[object]:
        """Raises EOFError when the process has ended over it."""
        assert self._process.stdin is not None and self._process.stdout is not None
        data = pickle.dumps(list(conversation))
        self._process.stdin.write(len(data).to_bytes(4, "big") + data)
        self._process.stdin.flush()
        size = self._process.stdout.read(4)
        if not size:
            raise EOFError("the process has ended")
        notes: list[object] = pickle.loads(self._process.stdout.read(int.from_bytes(size, "big")))
        return notes

    def end(self) -> int:
        """Its exit status."""
        self._process.communicate()
        return self._process.returncode


class Halves:
    """``with``: both at work, then ``statuses`` of their exits. ``environment`` and ``tree`` are the native one's."""

    def __init__(self, environment: Mapping[str, str] | None = None, tree: Path = ROOT) -> None:
        self._native = Half({"SIPEDGE_NATIVE": "1", **(environment or {})}, tree)
        self._oracle = Half({"SIPEDGE_NATIVE": "0"})
        self.statuses = (0, 0)

    def __enter__(self) -> Halves:
        return self

    def __exit__(self, *_: object) -> None:
        self.statuses = self._native.end(), self._oracle.end()

    def difference(self, conversation: Sequence[Step]) -> str:
        """'' or what the first difference is. Raises EOFError when one of them has ended over it."""
        native, oracle = self._native.play(conversation), self._oracle.play(conversation)
        for number, (one, other) in enumerate(zip_longest(native, oracle)):
            if one != other:
                return f"note {number} is {one!r}, and {other!r} of the oracle"
        return ""
