"""Search by coverage: libFuzzer (atheris) on framing, message, URI and each reader of traces, one process for each."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from struct import pack

from tools.live.edge import ROOT

from . import samples
from .core import SEPARATOR

LONGEST = 4096
"""Bytes of an input."""
SLOW = 5
"""Seconds after which an input counts as one that hangs."""
START = re.compile(rb"^([A-Z]+) \S+ (SIP/2\.0\r\n)")
ANSWERS = (
    b"SIP/2.0 180 Ringing\r\nRequire: 100rel\r\nRSeq: 1",
    b"SIP/2.0 302 Moved Temporarily\r\nContact: <sip:carol@far.example>;q=0.5, <sip:x@y>",
    b'SIP/2.0 401 Unauthorized\r\nWWW-Authenticate: Digest realm="a", nonce="b"',
    b"SIP/2.0 503 Service Unavailable\r\nRetry-After: 5 (busy);duration=3",
    b"SIP/2.0 200 OK\r\nContact: <sip:bob@192.0.2.8>\r\nP-Asserted-Identity: <sip:bob@far.example>",
)
ABSENT = "atheris is not installed (pip install -e '.[fuzz]'): only the part properties searches these files"


def search(targets: Sequence[str], seconds: float, seed: int, folder: Path) -> int:
    """The number of targets for which an input was found; each gets the same part of ``seconds``."""
    if importlib.util.find_spec("atheris") is None:
        print(ABSENT)
        return 0
    share = max(1, int(seconds / len(targets)))
    return sum(not _stands(target, share, seed, folder) for target in targets)


def _stands(target: str, seconds: int, seed: int, folder: Path) -> bool:
    corpus = folder / target
    corpus.mkdir(exist_ok=True)
    for number, sample in enumerate(seeds(target)):
        (corpus / f"sample-{number}").write_bytes(sample)
    options = [f"-max_total_time={seconds}", f"-seed={seed % 2**31}", f"-max_len={LONGEST}", f"-timeout={SLOW}"]
    command = [sys.executable, "-m", "tools.fuzz.by_coverage", target, str(corpus), *options]
    command.append(f"-artifact_prefix={folder}/{target}-")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False)
    lines = done.stderr.splitlines()
    summary = next((line for line in reversed(lines) if "cov:" in line), "no input was tried")
    print(f"{target:<18} {'stands' if not done.returncode else 'FOUND'}  {summary.strip()[:90]}", flush=True)
    if done.returncode:
        print("\n".join(done.stdout.splitlines()[-12:] + lines[-6:]), flush=True)
    return not done.returncode


def seeds(target: str) -> list[bytes]:
    """What the search of one target begins with."""
    if target == "trace-hep":
        return [_hep(each) for each in samples.messages()]
    if target == "trace-edge_log":
        return [_edge_log(each) for each in samples.messages()]
    if target == "trace-edge_decisions":
        return [_edge_decision(each) for each in samples.messages()]
    if target.startswith("trace-"):
        return [trace[:LONGEST] for trace in samples.traces()]
    messages = samples.messages()
    if target == "uri":
        return [line.split(b" ")[1] for line in (each.partition(b"\r\n")[0] for each in messages) if b"sip:" in line]
    if target == "core":
        sent = [START.sub(rb"\1 sip:bob@far.example \2", each) for each in messages]
        return sent + [each + SEPARATOR + said for each, said in zip(sent, cycle(ANSWERS), strict=False)]
    return messages if target == "message" else [b"\x07" + each for each in messages]


def _hep(message: bytes) -> bytes:
    """A packet with nothing but a payload (HEP version 3, chunk 15)."""
    return b"HEP3" + pack(">HHHH", 12 + len(message), 0, 15, 6 + len(message)) + message


def _edge_decision(message: bytes) -> bytes:
    """A line of ``[log] decisions`` (docs/traces.md) of a request with this start line."""
    uri = message.partition(b"\r\n")[0].decode("utf-8", "replace").split(" ")[1:2]
    line = {
        "format": 1, "sequence": 7, "time": 1780000000.25, "ms": 3.5, "revision": "ab", "connection": 7,
        "transport": "TLS", "local": "192.0.2.1:5061", "peer": "192.0.2.2:40112", "names": [], "zone": "IMP",
        "method": "INVITE", "request_uri": "".join(uri), "from": "<sip:a@b>;tag=1", "to": "<sip:b@c>", "call_id": "1",
        "cseq": "1 INVITE", "traffic": "standard", "evidence": "", "decided_by": "rules", "alias": "b@c", "also": "",
        "protocol": "sip", "authenticated": False, "route": "", "status": 200, "own": False, "reason": "OK",
        "rules": [{"rule": "out", "zone": "far", "alias": "b@c"}],
    }  # fmt: skip
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"


def _edge_log(message: bytes) -> bytes:
    """A line of ``[log] messages`` (docs/configuration.md)."""
    line = {
        "time": 1780000000.25, "direction": "received", "connection": 7, "zone": "IMP", "transport": "TLS",
        "local": "192.0.2.1:5061", "peer": "192.0.2.2:40112", "text": message.decode("utf-8", "replace"),
    }  # fmt: skip
    return json.dumps(line).encode() + b"\n"
