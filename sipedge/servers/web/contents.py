"""What the HAProxy of ``[web]`` is given: configuration and copies of certificates. Reads files, writes none."""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from sipedge.servers.haproxy.wanted import Wanted
from sipedge.settings import Settings
from sipedge.web_settings import Web

from .configuration import TRUSTED, Circumstances, sections
from .pools import Pool


def wanted(settings: Settings, web: Web, pools: Sequence[Pool]) -> Wanted:
    """Raises OSError when a file cannot be read."""
    files = {TRUSTED: _read(web.trusted or settings.tls.trusted)}
    for number, pair in enumerate(settings.tls.server, 1):
        files[f"certificate-{number}.pem"] = _read(pair.certificate) + b"\n" + _read(pair.key)
    at = Circumstances(
        certificates=tuple(name for name in files if name != TRUSTED),
        dns=web.dns_servers or settings.dns.servers,
        cookie_key=hmac.digest(settings.secret, b"cookies of published web services", "sha256").hex()[:32],
    )
    return Wanted(sections(web, pools, at), files, web.maximum_connections)


def _read(path: str) -> bytes:
    with open(path, "rb") as stream:
        return stream.read()
