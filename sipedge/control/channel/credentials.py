"""Who is at the other end of a Unix socket (SO_PEERCRED), and whether the edge answers him.

The mode of the file keeps others away already. A mode that somebody has changed opens nothing.
"""

from __future__ import annotations

import os
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass

SO_PEERGROUPS = 59
"""socket(7); Python has no name for it."""
MOST_GROUPS = 256
_CREDENTIALS = struct.Struct("iII")
"""struct ucred: pid, uid, gid."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A process at the time when it connected."""

    pid: int
    uid: int
    groups: frozenset[int]

    def __str__(self) -> str:
        return f"uid {self.uid}, process {self.pid}"

    def may_ask(self, path: str) -> bool:
        """``path``: of the control socket; the group of its file may ask, beside root and the edge's own user."""
        if self.uid in (0, os.geteuid()):
            return True
        with suppress(OSError):
            return os.stat(path).st_gid in self.groups
        return False


def caller_of(connection: socket.socket) -> Caller:
    """Raises OSError."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, gid = _CREDENTIALS.unpack(raw)
    groups = {gid}
    with suppress(OSError):  # more groups than fit, or a kernel before 4.13
        more = connection.getsockopt(socket.SOL_SOCKET, SO_PEERGROUPS, 4 * MOST_GROUPS)
        groups.update(struct.unpack(f"{len(more) // 4}I", more))
    return Caller(pid, uid, frozenset(groups))
