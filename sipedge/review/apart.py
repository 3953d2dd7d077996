"""Questions about drafts answered by a process of its own: they take up to seconds of Python, which would hold a loop.

The process is started once and kept, because the first question costs a second of imports. One question at a time;
who asks waits in a thread. A question that takes too long ends the process, and the next one gets a new one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from threading import Lock, Timer
from typing import Any

from sipedge.control.refusal import UNAVAILABLE, Refused

LIMIT = 120.0
"""Seconds: the proof about two plans of 300 rules takes 5."""
NICENESS = 10
"""Traffic goes first where both share a core."""


class Apart:
    def __init__(self, config: str) -> None:
        """``config``: the path of ``edge.toml``."""
        self._config = config
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = Lock()

    def ask(self, question: str, limit: float = LIMIT, **arguments: object) -> Any:
        """The answer to a question of ``answering.QUESTIONS``. It blocks.

        Raises Refused: 500 where the question goes wrong, 503 where it takes too long.
        """
        line = json.dumps({"ask": question, "config": self._config, **arguments}).encode() + b"\n"
        with self._lock:
            answer = self._answer(line, limit)
        if "refused" in answer:
            raise Refused(**answer["refused"])
        return answer["answer"]

    def end(self) -> None:
        """Nobody asks any more."""
        with self._lock:
            self._end()

    def _answer(self, line: bytes, limit: float) -> Mapping[str, Any]:
        process = self._running()
        assert process.stdin and process.stdout
        watch = Timer(limit, process.kill)
        watch.start()
        try:
            process.stdin.write(line)
            process.stdin.flush()
            answer: Mapping[str, Any] = json.loads(process.stdout.readline())
        except (OSError, ValueError):
            self._end()
            raise Refused(UNAVAILABLE, f"this takes longer than {limit:g} s, or more than this machine has") from None
        finally:
            watch.cancel()
        return answer

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "sipedge.review.answering"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                start_new_session=True,
            )
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()
