"""What the HAProxy of ``[web]`` is given: configuration and copies of certificates. Reads files, writes none."""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from sipedge.servers.haproxy.syntax import line
from sipedge.servers.haproxy.wanted import Wanted
from sipedge.settings import Settings
from sipedge.web_settings import Web
from zones.addresses import host_port

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
        turn=_turn(settings),
        cookie_key=hmac.digest(settings.secret, b"cookies of published web services", "sha256").hex()[:32],
    )
    newest = (line("ssl-default-bind-options", "ssl-min-ver", "TLSv1.3"),)
    options = newest if settings.tls.minimum_version == "1.3" else ()
    return Wanted(sections(web, pools, at), files, web.maximum_connections, options)


def _turn(settings: Settings) -> str:
    turn = settings.turn
    return host_port(turn.address, turn.port) if turn is not None and turn.beside_https else ""


def _read(path: str) -> bytes:
    with open(path, "rb") as stream:
        return stream.read()
