"""A draft in the shadow of the running edge: a process of its own judges by it what the edge decides. It costs the
edge nothing, and begins with what is decided from now on.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from threading import Thread
from time import time
from typing import TypedDict

from sipedge.history.spool import end_of
from sipedge.revisions.drafts import Draft

from .recorded import RecordedJson


class ShadowJson(TypedDict):
    recorded: RecordedJson
    """Of the decisions that rules made; ``base`` is what the draft was made from."""
    not_asked: int
    """Further decisions, which no rule made: signed Routes, refusals."""
    others: int
    """Of the requests judged, those that the edge decided by another revision than the draft's base."""
    lost: int
    """Decisions that the file no longer had."""


NOTHING: ShadowJson = {
    "recorded": {"requests": 0, "changed": 0, "groups": [], "whole": True},
    "not_asked": 0,
    "others": 0,
    "lost": 0,
}


class Shadow:
    """Runs until ``end``."""

    def __init__(self, config: str, spool: str, draft: Draft) -> None:
        """``spool``: the edge's file of decisions. Raises OSError."""
        position = end_of(spool)
        self.draft, self.since = draft.number, time()
        self.state = NOTHING
        self.problem = ""
        self._ended = False
        self._process = _started()
        task = {
            "config": config,
            "base": dict(draft.base),
            "texts": dict(draft.texts),
            "spool": spool,
            "position": [position.first, position.offset, position.sequence],
        }
        assert self._process.stdin
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def end(self) -> None:
        self._ended = True
        self._process.kill()
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe:
                pipe.close()

    def _read(self) -> None:
        assert self._process.stdout and self._process.stderr
        for line in self._process.stdout:
            self.state = json.loads(line)
        said = self._process.stderr.read().strip().rpartition("\n")[2]
        self._process.wait()
        if not self._ended:
            self.problem = f"the process that judges has ended: {said}"


def _started() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "sipedge.review.shadowing"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        start_new_session=True,
    )
