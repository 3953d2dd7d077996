"""The two proxies: how each is configured and started, and what a running one has used."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from tools.kamailio import Allocator, TlsFiles, command, write_configuration
from tools.live.edge import ROOT
from tools.live.setting import HEAD

from .certificates import Certificates
from .load import Unavailable, pin

PROXY_CORE = 0
START_LIMIT = 20.0
"""Seconds until a proxy must accept connections."""
STOP_LIMIT = 3.0


@dataclass(frozen=True)
class Proxy:
    """A proxy ready to be started: it will listen on ``address`` (host:port)."""

    name: str
    address: str
    command: tuple[str, ...]


class Running:
    """A started proxy on its core. A context manager: leaving it ends the proxy, and nothing else."""

    def __init__(self, proxy: Proxy, folder: Path) -> None:
        self.proxy = proxy
        self.log = folder / f"{proxy.name}.log"
        self._process: subprocess.Popen[bytes]

    def __enter__(self) -> Running:
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                self.proxy.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                preexec_fn=lambda: pin(PROXY_CORE),
            )
        try:
            self._wait_for_listener()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop()

    @property
    def pid(self) -> int:
        return self._process.pid

    def cpu_seconds(self) -> float:
        """User and system time of all its processes so far (proc(5): stat, fields 14 and 15)."""
        return sum(map(_ticks, self._processes())) / os.sysconf("SC_CLK_TCK")

    def cpu_nanoseconds(self) -> dict[int, int]:
        """The same of each of their threads, counted by the scheduler (proc(5): schedstat)."""
        threads = [int(each.name) for process in self._processes() for each in Path(f"/proc/{process}/task").glob("*")]
        return {thread: _nanoseconds(thread) for thread in threads}

    def busiest(self) -> int:
        """The id of the process that does the work: the one with most CPU time."""
        return max(self._processes(), key=_ticks)

    def resident_bytes(self) -> int:
        """Resident memory of the process that does the work."""
        pages = int(Path(f"/proc/{self.busiest()}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE")

    def own_bytes(self) -> int:
        """Memory of all its processes, what they share parted among them (proc(5): smaps_rollup, Pss)."""
        return sum(map(_proportional_bytes, self._processes()))

    def spread(self) -> None:
        """Give each process below the first one a core of its own, as far as there are so many."""
        cores = sorted(os.sched_getaffinity(0))
        for number, process in enumerate(sorted(self._processes()[1:])):
            for thread in Path(f"/proc/{process}/task").iterdir():
                os.sched_setaffinity(int(thread.name), {cores[number % len(cores)]})

    def _processes(self) -> list[int]:
        """The proxy's process and everything below it."""
        parents = {int(entry.name): int(_stat(int(entry.name))[1]) for entry in Path("/proc").glob("[0-9]*")}
        family = [self.pid]
        for member in family:
            family += [process for process, parent in parents.items() if parent == member]
        return family

    def _wait_for_listener(self) -> None:
        host, _, port = self.proxy.address.rpartition(":")
        deadline = time.monotonic() + START_LIMIT
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection((host, int(port)), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError(
            f"{self.proxy.name} does not listen on {self.proxy.address}:\n{self.log.read_text()[-2000:]}"
        )

    def _stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            for process in reversed(self._processes()):
                os.kill(process, signal.SIGKILL)
            self._process.wait()


def _ticks(process: int) -> int:
    fields = _stat(process)
    return int(fields[11]) + int(fields[12])


def _stat(process: int) -> list[str]:
    """The fields of /proc/PID/stat from the third (state) on; zeros for a process that has just gone."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ["0"] * 50


def _nanoseconds(thread: int) -> int:
    """0 for one that has just gone."""
    try:
        return int(Path(f"/proc/{thread}/schedstat").read_text().split()[0])
    except OSError:
        return 0


def _proportional_bytes(process: int) -> int:
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def kamailio(folder: Path, certificates: Certificates) -> Proxy:
    """Kamailio at its best: with the allocator that does not check itself."""
    return _kamailio("kamailio", "127.0.0.5:5061", "fm", folder, certificates)


def kamailio_as_shipped(folder: Path, certificates: Certificates) -> Proxy:
    """Kamailio as Debian starts it: its allocator takes more than half of the time for itself."""
    return _kamailio("kamailio-qm", "127.0.0.6:5061", "qm", folder, certificates)


def kamailio_hiding(folder: Path, certificates: Certificates) -> Proxy:
    """Kamailio at its best with topoh, Call-IDs included."""
    return _kamailio("kamailio-topoh", "127.0.0.7:5061", "fm", folder, certificates, _TOPOH)


def kamailio_hiding_as_shipped(folder: Path, certificates: Certificates) -> Proxy:
    return _kamailio("kamailio-qm-topoh", "127.0.0.8:5061", "qm", folder, certificates, _TOPOH)


def _kamailio(
    name: str, address: str, allocator: Allocator, folder: Path, certificates: Certificates, hiding: str = ""
) -> Proxy:
    """A stateful TLS-to-TLS proxy: one worker, three expressions, client certificates both ways."""
    program = shutil.which("kamailio", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if program is None:
        raise Unavailable(
            "no kamailio to compare with (Debian: apt-get install kamailio kamailio-tls-modules; or --only edge)"
        )
    if not any(Path("/usr/lib").glob("*/kamailio/modules/tls.so")):
        raise Unavailable("kamailio has no TLS module (Debian: apt-get install kamailio-tls-modules)")
    own = folder / name
    own.mkdir(exist_ok=True)
    tls = TlsFiles(certificates.certificate("edge"), certificates.key("edge"), certificates.trusted)
    configuration = write_configuration(
        own, tls, _KAMAILIO_SETTINGS.replace("ADDRESS", address), hiding + _KAMAILIO_SCRIPT
    )
    # Transactions stay in the shared pool for 5 s after they ended.
    return Proxy(name, address, command(program, configuration, 4096, 64, allocator))


def edge(folder: Path, certificates: Certificates) -> Proxy:
    """The edge of this work tree, with zones for the callers and the far end and the same three expressions."""
    return edge_at("edge", "127.0.0.2", "open", folder, certificates)


def forgetful_edge(folder: Path, certificates: Certificates) -> Proxy:
    """The same one, that decides about each request anew."""
    return edge_at("edge-anew", "127.0.0.11", "open", folder, certificates, "remembered = 0\n")


def edge_hidden(folder: Path, certificates: Certificates) -> Proxy:
    """With the callers' zone hidden."""
    return edge_at("edge-hidden", "127.0.0.9", "hidden", folder, certificates)


def edge_b2bua(folder: Path, certificates: Certificates) -> Proxy:
    return edge_at("edge-b2bua", "127.0.0.10", "b2bua", folder, certificates)


def edge_at(
    name: str, address: str, topology: str, folder: Path, certificates: Certificates, limits: str = ""
) -> Proxy:
    own = folder / name
    own.mkdir(exist_ok=True)
    (own / "edge.dialplan").write_text(_DIALPLAN)
    config = own / "edge.toml"
    files = {"certificate": certificates.certificate("edge"), "key": certificates.key("edge")}
    zones = _ZONES.replace('name = "node"\n', f'name = "node"\ntopology = "{topology}"\n')
    zones = zones.replace("[limits]\n", "[limits]\n" + limits)
    config.write_text(HEAD % {"edge": address, "trusted": certificates.trusted, **files} + zones)
    return Proxy(name, f"{address}:5061", (sys.executable, "-m", "sipedge", "run", str(config)))


_TOPOH = """\
loadmodule "topoh.so"
modparam("topoh", "mask_key", "a key of the bench")
modparam("topoh", "mask_callid", 1)
"""

_KAMAILIO_SETTINGS = """\
debug=0
tcp_children=1
listen=tls:ADDRESS
tcp_connection_lifetime=3600
tcp_conn_wq_max=8388608
tcp_wq_max=33554432
"""

_KAMAILIO_SCRIPT = """\
modparam("tls", "con_ct_wq_max", 16777216)
modparam("tls", "ct_wq_max", 67108864)

request_route {
  if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
  if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
  if (is_method("ACK|BYE")) { if (loose_route()) t_relay(); exit; }
  if (is_method("INVITE")) record_route();
  if ($ru =~ "^sips?:.*@ciscoexample\\.com") { $du = "sip:127.0.0.4:5062;transport=tls"; t_relay(); exit; }
  if ($ru =~ ".*imp1-public\\.ciscoexample\\.com.*") { $du = "sip:127.0.0.4:5062;transport=tls"; t_relay(); exit; }
  if ($ru =~ "^sips?:.*@msexample\\.com") { $du = "sip:127.0.0.3:5061;transport=tls"; t_relay(); exit; }
  sl_send_reply("404", "Not Found");
}
"""

_DIALPLAN = r"""
search rule "to the node" {
    priority 10
    mode alias pattern match
    pattern type regex
    pattern ".*@ciscoexample\.com"
    behavior leave
    on successful match stop
    target zone "node"
}

search rule "to the node by its name" {
    priority 20
    mode alias pattern match
    pattern type regex
    pattern ".*imp1-public\.ciscoexample\.com.*"
    behavior leave
    on successful match stop
    target zone "node"
}

search rule "to Microsoft" {
    priority 30
    mode alias pattern match
    pattern type regex
    pattern ".*@msexample\.com"
    behavior leave
    on successful match stop
    target zone "far end"
}
"""

_ZONES = """\
[limits]
connections_per_source = 2000

[[zone]]
name = "node"
type = "neighbor"
peers = ["127.0.0.4"]
port = 5062
monitor = false

[[zone]]
name = "far end"
type = "neighbor"
peers = ["127.0.0.3"]
monitor = false
"""
