"""The edge as a child process: ``sipedge run`` on a configuration, ready inside the ``with``, gone outside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from support.certificates import Ca, Leaf

START_LIMIT = 15.0
STOP_LIMIT = 15.0
WORKERS = int(os.environ.get("EDGE_WORKERS", "1"))
"""Of every edge whose configuration says nothing of it; 0: one for each core, as users have it.

One, because many tests look into the process that serves, or at what is quick. Those of the lab, of other people's
servers and of pages have the default.
"""
COMMAND = Path(sys.executable).with_name("sipedge")


def with_workers(config: str) -> str:
    return config if "\nworkers = " in config else config.replace("[edge]\n", f"[edge]\nworkers = {WORKERS}\n", 1)


class Edge:
    """One running edge. Its output is read as it comes, so a test waits for a line instead of sleeping."""

    def __init__(self, folder: Path, config: str, dialplan: str, *options: str) -> None:
        """Writes ``edge.toml`` and ``edge.dialplan`` into ``folder`` (made here). ``options``: of ``sipedge run``."""
        self._options = options
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.write(config, dialplan)
        self._lines: list[str] = []
        self._changed = threading.Condition()
        self._process: subprocess.Popen[str]
        self._reader: threading.Thread

    def write(self, config: str | None = None, dialplan: str | None = None) -> None:
        """Change the files; ``reload()`` makes the edge read them."""
        if config is not None:
            (self.folder / "edge.toml").write_text(with_workers(config))
        if dialplan is not None:
            (self.folder / "edge.dialplan").write_text(dialplan)

    def __enter__(self) -> Edge:
        self._process = subprocess.Popen(
            [COMMAND, "run", self.folder / "edge.toml", *self._options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        since = len(self._lines)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.wait_for(" serves ", START_LIMIT, since=since)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        status = self.stop()
        if error is not None:
            error.add_note(f"== edge (exit status {status})\n{self.output()}")

    @property
    def pid(self) -> int:
        return self._process.pid

    def worker(self) -> int:
        """The process that serves, the child of ``pid``."""
        return self.workers()[0]

    def workers(self) -> list[int]:
        """All processes that serve, in the order of their start."""
        return list(map(int, Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()))

    def output(self) -> str:
        with self._changed:
            return "".join(self._lines)

    def wait_for(self, text: str, seconds: float = 10.0, *, since: int = 0) -> str:
        """The first line of output, from line ``since`` on, that contains ``text``. RuntimeError where none comes."""
        with self._changed:
            self._changed.wait_for(lambda: self._find(text, since) or not self._reader.is_alive(), seconds)
            found = self._find(text, since)
        if not found:
            raise RuntimeError(f"the edge never wrote {text!r}:\n{self.output()}")
        return found

    def reload(self) -> str:
        """SIGHUP; the line that says what came of it."""
        with self._changed:
            since = len(self._lines)
        self._process.send_signal(signal.SIGHUP)
        return self.wait_for("reload: ", since=since)

    def terminate(self) -> None:
        """SIGTERM: the edge ends when its open transactions have."""
        if self._process.poll() is None:
            self._process.terminate()

    def start_again(self) -> None:
        """SIGKILL to all its processes, as when the power goes; then it serves again."""
        workers = self.workers()
        for pid in (self.pid, *workers):  # the supervisor first: nothing starts a worker again
            os.kill(pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join()  # until nobody holds the other end: the workers are gone, too
        if self._process.stdout is not None:
            self._process.stdout.close()
        self.__enter__()

    def stop(self) -> int:
        """SIGTERM, and SIGKILL where the edge does not heed it; the exit status."""
        self.terminate()
        try:
            status = self._process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        self._reader.join()
        if self._process.stdout is not None:
            self._process.stdout.close()
        return status

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._changed:
                self._lines.append(line)
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def _find(self, text: str, since: int) -> str:
        return next((line for line in self._lines[since:] if text in line), "")


def edge_toml(ca: Ca, leaf: Leaf, *tables: str, name: str = "edge.example.com", domain: str = "near.example") -> str:
    """A configuration from its tables (``listener``, ``neighbor``, or any text); the dial plan is edge.dialplan."""
    return f"""\
[edge]
system_name = "{name}"
domains = ["{domain}"]
dialplans = ["edge.dialplan"]

[tls]
trusted = "{ca.certificate}"

[[tls.server]]
certificate = "{leaf.certificate}"
key = "{leaf.key}"

""" + "\n".join(tables)


def listener(name: str, address: str, transport: str = "TLS") -> str:
    """Port 5061 for TLS, 5060 for TCP."""
    port = {"TLS": 5061, "TCP": 5060}[transport]
    return f'[[listener]]\nname = "{name}"\naddress = "{address}"\nport = {port}\ntransport = "{transport}"\n'


def neighbor(name: str, peers: Sequence[str], transport: str = "TLS", *more: str) -> str:
    """A neighbor zone on the usual port, without monitoring; ``more``: further lines."""
    port = {"TLS": 5061, "TCP": 5060}[transport]
    quoted = ", ".join(f'"{peer}"' for peer in peers)
    lines = [f'name = "{name}"', 'type = "neighbor"', f'transport = "{transport}"', f"peers = [{quoted}]"]
    return "\n".join(["[[zone]]", *lines, f"port = {port}", "monitor = false", *more]) + "\n"


def rule(name: str, pattern: str, zone: str, priority: int = 10) -> str:
    """A search rule: aliases that fit the expression go to the zone as they are."""
    fields = [f"priority {priority}", "mode alias pattern match", "pattern type regex", f'pattern "{pattern}"']
    fields += ["behavior leave", "on successful match stop", f'target zone "{zone}"']
    return f'search rule "{name}" {{\n' + "".join(f"    {field}\n" for field in fields) + "}\n"
