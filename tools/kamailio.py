"""Kamailio as a stateful proxy over TLS: the part of its configuration that the tests and the benches share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class TlsFiles:
    """PEM files. The certificate is shown on both sides, and both sides demand one that ``trusted`` has signed."""

    certificate: Path
    key: Path
    trusted: Path


def write_configuration(folder: Path, tls: TlsFiles, settings: str, script: str) -> Path:
    """Writes kamailio-tls.cfg and kamailio.cfg into ``folder`` and returns the latter.

    ``settings``: lines of the global part (debug, listen, limits). ``script``: modparam lines and routes.
    """
    profile, configuration = folder / "kamailio-tls.cfg", folder / "kamailio.cfg"
    profile.write_text("".join(_PROFILE.format(side=side, tls=tls) for side in ("server", "client")))
    modules = "".join(f'loadmodule "{name}.so"\n' for name in _MODULES)
    profile_name = f'modparam("tls", "config", "{profile}")\n'
    configuration.write_text(_SETTINGS + settings + modules + profile_name + script)
    return configuration


Allocator = Literal["fm", "qm"]
"""Kamailio's own: fast, or checking itself all the time, which is what it starts with when nobody says otherwise."""


def command(
    program: str, configuration: Path, shared: int, private: int, allocator: Allocator = "qm"
) -> tuple[str, ...]:
    """Runs in the foreground and logs to stderr. ``shared``, ``private``: megabytes for all processes, for each one."""
    folder = str(configuration.parent)
    pools = ("-m", str(shared), "-M", str(private), "-x", allocator, "-X", allocator)
    return (program, "-DD", "-E", "-f", str(configuration), "-Y", folder, *pools)


_PROFILE = """\
[{side}:default]
method = TLSv1.2+
verify_certificate = yes
require_certificate = yes
certificate = {tls.certificate}
private_key = {tls.key}
ca_list = {tls.trusted}
"""

_SETTINGS = """\
log_stderror=yes
fork=yes
children=1
enable_tls=yes
auto_aliases=no
tcp_rd_buf_size=131072
"""

_MODULES = ("tls", "tm", "sl", "rr", "pv", "maxfwd", "textops", "siputils")
