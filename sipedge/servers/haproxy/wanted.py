"""What one HAProxy process is to do, and the files that say so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from .syntax import line, section

CONFIG = "haproxy.cfg"
SOCKET = "haproxy.sock"
"""Only the edge may use it: the folder's mode is 0700."""
USER = "haproxy"
"""As whom it runs where the edge is root: the Debian package makes this user."""
MOST_RELOADS = 20
"""A worker that has outlived as many reloads, because somebody is still connected to it, is ended."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Made anew for each change; equal values have equal revisions."""

    sections: str
    """All after ``global``: ``defaults``, ``frontend``, ``backend`` and so on. Files are named without folder."""
    files: Mapping[str, bytes] = field(repr=False)
    """Certificates with their keys, CAs: by the names that ``sections`` has."""
    maximum_connections: int = 2000
    options: tuple[str, ...] = ()
    """Further lines of ``global``."""

    @property
    def revision(self) -> str:
        """The running worker says which one it has, so that a change is known to be in force."""
        parts = (self.sections, sorted(self.files.items()), self.maximum_connections, self.options)
        return sha256(repr(parts).encode()).hexdigest()

    def in_folder(self, folder: str) -> dict[str, bytes]:
        """All files of ``folder``, which is absolute."""
        return {**self.files, CONFIG: (self._global(folder) + self.sections).encode()}

    def _global(self, folder: str) -> str:
        lines = (
            line("description", self.revision),
            line("log", "stderr", "format", "short", "local0", "info"),
            line("stats", "socket", f"{folder}/{SOCKET}", "mode", "600", "level", "admin", "expose-fd", "listeners"),
            line("crt-base", folder),
            line("ca-base", folder),
            line("maxconn", str(self.maximum_connections)),
            line("mworker-max-reloads", str(MOST_RELOADS)),
            line("ssl-default-bind-options", "ssl-min-ver", "TLSv1.2"),
            line("ssl-default-server-options", "ssl-min-ver", "TLSv1.2"),
        )
        return section("global", (*lines, *self.options))
