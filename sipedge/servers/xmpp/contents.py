"""The files of one process: generated configuration, our modules, copies of certificates. Reads files, writes none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from importlib.resources import files

from sipedge.settings import Certificate, Settings, Xmpp

from .lua_text import assignments
from .prosody import (
    CERTIFICATE,
    CONFIG,
    KEY,
    ONCE,
    POLICY,
    TRUSTED,
    Circumstances,
    Secrets,
    inside_files,
    outside_files,
)

RELOADED = frozenset({POLICY, CERTIFICATE, KEY, TRUSTED})
"""Files that a running process reads again after SIGHUP; for all others it has to be started anew."""
_MADE_UP = re.compile(rf'"{ONCE}[0-9a-f]*"'.encode())
_MODULES = tuple(f"mod_sipedge_{name}.lua" for name in ("policy", "state", "link", "partner", "weights", "bounds"))
_LIBRARIES = ("sipedge_weights.lib.lua", "sipedge_waiting.lib.lua")


@dataclass(frozen=True, slots=True)
class Contents:
    """All files of one process, by name."""

    files: Mapping[str, bytes]
    revision: str
    """Of what a running process reads again. It says which it has, so that a change is known to be in force."""
    start: str
    """Of the rest, which it reads at its start only, but for secrets that are made up; it says that, too."""

    def only(self, reloaded: bool) -> dict[str, bytes]:
        return {name: content for name, content in self.files.items() if (name in RELOADED) is reloaded}


def contents_of(side: str, settings: Settings, xmpp: Xmpp, secrets: Secrets) -> Contents:
    """``side``: ``outside`` or ``inside``. Raises OSError when a file cannot be read."""
    if xmpp.dialback_secret_file:
        secrets = replace(secrets, dialback=_secret(xmpp.dialback_secret_file))
    if xmpp.link_secret_file:
        secrets = replace(secrets, link=_secret(xmpp.link_secret_file))
    copies = _copies(settings, xmpp if side == "outside" else None)
    at = Circumstances(
        folder_of(xmpp, side), settings.dns, secrets, CERTIFICATE in copies, TRUSTED in copies, bool(xmpp.crl)
    )
    written = (outside_files if side == "outside" else inside_files)(xmpp, at)
    found = {name: text.encode() for name, text in written.items()} | _modules() | copies
    revision, start = (_digest(found, reloaded) for reloaded in (True, False))
    found[POLICY] += assignments({"sipedge_revision": revision}).encode()
    found[CONFIG] = assignments({"sipedge_start": start}).encode() + found[CONFIG]
    return Contents(found, revision, start)


def _digest(found: Mapping[str, bytes], reloaded: bool) -> str:
    chosen = sorted((name, comparable(content)) for name, content in found.items() if (name in RELOADED) is reloaded)
    return sha256(repr(chosen).encode()).hexdigest()


def comparable(content: bytes) -> bytes:
    """Without secrets that are made up at each start of the edge."""
    return _MADE_UP.sub(b'""', content)


def sides_of(xmpp: Xmpp) -> tuple[str, ...]:
    """The processes that an edge of this role runs."""
    return ("outside", "inside") if xmpp.role == "both" else (xmpp.role,)


def folder_of(xmpp: Xmpp, side: str) -> str:
    return f"{xmpp.folder}/{side}"


def _copies(settings: Settings, xmpp: Xmpp | None) -> dict[str, bytes]:
    """The engine runs as another user, who may not read the originals. OpenSSL takes lists from among the trusted."""
    found = {}
    pair: Certificate | None = next(iter(settings.tls.server), None)
    if pair is not None:
        found = {CERTIFICATE: read(pair.certificate), KEY: read(pair.key)}
    if settings.tls.trusted:
        lists = b"\n" + read(xmpp.crl) if xmpp is not None and xmpp.crl else b""
        found[TRUSTED] = read(settings.tls.trusted) + lists
    return found


def _modules() -> dict[str, bytes]:
    folder = files(__package__).joinpath("lua")
    return {name: folder.joinpath(name).read_bytes() for name in (*_MODULES, *_LIBRARIES)}


def _secret(path: str) -> str:
    return read(path).decode().partition("\n")[0].rstrip("\r")


def read(path: str) -> bytes:
    """Raises OSError."""
    with open(path, "rb") as stream:
        return stream.read()
