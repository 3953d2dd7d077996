"""SIPp as caller and callee over TCP, with the scenarios in tests/data/sipp (Debian's build has no TLS)."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from support.processes import Program
from support.third_party import require

from .paths import DATA

SCENARIOS = DATA / "sipp"
PORT = 5060
LIMIT = 15
"""Seconds for one run, both sides."""


@dataclass(frozen=True)
class Parties:
    """Who takes part in an exchange."""

    caller: str
    """Address."""
    callee: str
    proxy: str
    """address:port that the caller sends to."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """What ``[name]`` stands for in the scenarios: ``caller``, ``callee``, ``watcher`` (user@domain)."""


class Sipp:
    """One SIPp process: entered it runs, ``finish()`` waits for all its calls and raises where one failed."""

    def __init__(
        self,
        folder: Path,
        scenario: str,
        address: str,
        keys: Mapping[str, str],
        *,
        remote: str = "",
        calls: int = 1,
        pause: int = 0,
    ) -> None:
        """``remote`` (address:port): a caller has one, a callee listens instead. ``pause``: seconds."""
        self._limit = LIMIT + pause
        self.name = f"{scenario}-{address}"
        folder.mkdir(parents=True, exist_ok=True)
        self._messages, self._errors = folder / f"{self.name}.messages", folder / f"{self.name}.errors"
        command: list[str | Path] = [require("sipp"), "-sf", SCENARIOS / f"{scenario}.xml", "-t", "t1"]
        command += ["-i", address, "-p", str(PORT), "-m", str(calls), "-r", "100", "-l", "10", "-nostdin"]
        command += [
            "-d",
            str(1000 * pause),
            "-timeout",
            str(self._limit),
            "-timeout_error",
            "-trace_msg",
            "-message_file",
            self._messages,
        ]
        command += ["-trace_err", "-error_file", self._errors]
        command += [word for key, value in keys.items() for word in ("-key", key, value)]
        command += [remote] if remote else []
        self._program = Program(command, folder / f"{self.name}.screen", listens=[] if remote else [(address, PORT)])

    def __enter__(self) -> Sipp:
        self._program.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._program.stop()

    def finish(self) -> str:
        """All messages it sent and received, as SIPp logs them. AssertionError with them where a call failed."""
        try:
            status = self._program.wait(self._limit + 5)
        except subprocess.TimeoutExpired:
            status = -1
        assert status == 0, f"SIPp {self.name} ended with {status}\n{self.report()}"
        return self._messages.read_text(errors="replace")

    def report(self) -> str:
        """What it has to say so far: errors, else its screen; then the messages."""
        errors = self._errors if self._errors.exists() else self._program.log
        files = [file for file in (errors, self._messages) if file.exists()]
        return f"== {self.name}\n" + "\n".join(file.read_text(errors="replace") for file in files)


def exchange(folder: Path, caller: str, callee: str, parties: Parties, *, calls: int = 1) -> tuple[str, str]:
    """Run a caller's scenario against a callee's; what each of them logged."""
    with Sipp(folder, callee, parties.callee, parties.keys, calls=calls) as far:
        with Sipp(folder, caller, parties.caller, parties.keys, remote=parties.proxy, calls=calls) as near:
            try:
                sent = near.finish()
            except AssertionError as error:
                error.add_note(far.report())
                raise
        return sent, far.finish()
