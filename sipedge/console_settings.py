"""What the console is told: the table ``[console]`` of ``edge.toml``. The edge itself obeys none of it."""

from __future__ import annotations

from dataclasses import dataclass

from .oidc_settings import OidcSettings


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    listen: str = "127.0.0.1:8443"
    """``address:port`` (``[v6]:port``) where browsers may ask; port 0 lets the system choose one (for tests)."""
    certificate: str = ""
    """PEM file with the leaf and the chain after it; '': plain HTTP, which is for loopback addresses only."""
    key: str = ""
    """PEM file of its private key."""
    client_ca: str = ""
    """PEM file with the CAs of browsers: who has no certificate of theirs does not get as far as the log-in. It admits;
    it names nobody. '': nobody needs one."""
    names: tuple[str, ...] = ()
    """Host names and addresses by which browsers may call the console, beside ``listen``."""
    folder: str = ""
    """Where the console keeps the history and all else; '' is beside ``edge.toml``, with the ending ``.console``."""
    days: float = 30.0
    """Days after which the history forgets a decision."""
    bytes: int = 10 * 1024**3
    """Bytes that the history may take on the disk; what is oldest goes first."""

    disk_free: float = 5.0
    """Percent of a file system that edge or console write to: with less room there is an alarm. 0: there is none."""
    aliases_for: str = "auditor"
    """The least role that sees who spoke with whom; roles below it see pseudonyms."""
    oidc: OidcSettings | None = None
    """Log-in at an OpenID provider, beside that by passwords; None: by passwords alone."""

    @property
    def host(self) -> str:
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.listen.rpartition(":")[2])
