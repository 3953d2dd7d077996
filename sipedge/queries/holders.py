"""Which process listens on a port of this machine, as far as Linux tells this user: from /proc."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

LISTENS = "0A"
"""State of a socket in /proc/net/tcp."""


def held_by_edge_of(config: str, port: int) -> bool:
    """Whether an edge that was started with this configuration listens there."""
    sockets = {f"socket:[{inode}]" for inode in _listening(port)}
    return any(_serves(process, config) for process in _holders(sockets))


def _listening(port: int) -> Iterator[str]:
    """The inodes of all sockets that listen on the port, whatever their address."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == LISTENS and int(fields[1].rpartition(":")[2], 16) == port:
                    yield fields[9]


def _holders(sockets: set[str]) -> Iterator[Path]:
    for process in Path("/proc").iterdir() if sockets else ():
        if not process.name.isdigit():
            continue
        with suppress(OSError):  # of another user, or gone by now
            if any(os.readlink(descriptor) in sockets for descriptor in (process / "fd").iterdir()):
                yield process


def _serves(process: Path, config: str) -> bool:
    with suppress(OSError):
        words = (process / "cmdline").read_bytes().decode(errors="surrogateescape").split("\0")
        folder = os.readlink(process / "cwd")
        behind = words[words.index("run") + 1 :] if "run" in words else []
        wanted = os.path.realpath(config)
        return any(os.path.realpath(os.path.join(folder, word)) == wanted for word in behind if word)
    return False
