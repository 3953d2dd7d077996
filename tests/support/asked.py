"""A running edge asked over its control socket, as the command line does it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from support.running_edge import COMMAND

from sipedge.control.answers import Done
from sipedge.control.channel.client import Asking
from sipedge.control.requests import Request, Status
from sipedge.control.values import StatusJson

PATIENCE = 40.0


def ask(folder: Path, request: Request) -> Any:
    """The value of the end. Raises Refused, Unreachable. ``folder``: of ``edge.toml``."""
    with Asking(str(folder / "edge.control"), PATIENCE) as asking:
        *_, last = asking.ask(request)
        assert isinstance(last, Done)
        return last.value


def status(folder: Path) -> StatusJson:
    """With the connections."""
    with Asking(str(folder / "edge.control"), PATIENCE) as asking:
        *items, last = asking.ask(Status())
        value: StatusJson = last.value
        value["connections"] = [item.value for item in items]
        return value


def command(*words: object) -> tuple[int, str, str]:
    """(exit status, standard output, standard error) of ``sipedge WORDS``."""
    done = subprocess.run([COMMAND, *map(str, words)], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr
