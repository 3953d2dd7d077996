"""Where a request for a published web service would go: listener, rule, servers, and the names that are checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sipedge.queries.query import QueryError
from sipedge.servers.web.pools import SERVICE, Member, Pool, pools_of
from sipedge.settings import Settings
from sipedge.web_settings import Web
from zones.addresses import canonical_address, host_port


@dataclass(frozen=True, slots=True)
class WebWay:
    url: str
    passed: bool
    rule: str
    """The table that decides, or why there is none; one sentence."""
    listener: str
    """``address:port``; '' where nothing listens."""
    answer: str
    """What the edge answers itself; '' where a server does."""
    targets: tuple[str, ...]
    """Servers in words, with the name that each one's certificate must have."""
    checks: tuple[str, ...]
    """What else is compared, a sentence each."""
    meeting_server: tuple[str, ...] = ()
    """What is entered on the Meeting Server, where this is its guest URI: ``key: value``."""

    def to_json(self) -> dict[str, Any]:
        return {
            "url": self.url,
            "passed": self.passed,
            "rule": self.rule,
            "listener": self.listener,
            "answer": self.answer,
            "targets": list(self.targets),
            "checks": list(self.checks),
            "meeting_server": list(self.meeting_server),
        }


def way_of(settings: Settings, web: Web, url: str) -> WebWay:
    """From the configuration alone; the DNS is not asked. Raises QueryError for what is no URL of the web."""
    host, port, secure = _parts(url)
    listens = web.port if secure else web.plain_port
    pool = next((pool for pool in pools_of(web, {}) if host in pool.names), None)
    if port != listens:
        other = (
            f"[web] listens on {listens} for {'HTTPS' if secure else 'HTTP'}" if listens else "[web] has no plain_port"
        )
        return WebWay(url, False, f"nothing is published on port {port}: {other}", "", "", (), ())
    if pool is None:
        return WebWay(url, False, f'"{host}" is not published: no rule names it', "", _refusal(secure), (), ())
    listener = host_port(pool.address, port)
    if not secure and host not in pool.plain_names:
        there = f"301: to https://{host}{'' if web.port == 443 else f':{web.port}'}, path and query as they are"
        return WebWay(url, False, _rule(web, pool), listener, there, (), ())
    targets = tuple(_target(pool, member, secure) for member in pool.members)
    checks = tuple(_checks(settings, pool, secure))
    entered = tuple(_entered(settings, pool)) if pool.asks_by_name else ()
    return WebWay(url, True, _rule(web, pool), listener, "", targets, checks, entered)


def _parts(url: str) -> tuple[str, int, bool]:
    """Host, port, and whether it is HTTPS."""
    try:
        parts = urlsplit(url)
        usual = {"https": 443, "http": 80}.get(parts.scheme)
        if usual is not None and parts.hostname:
            return parts.hostname.removesuffix("."), parts.port or usual, parts.scheme == "https"
    except ValueError:
        pass  # a port that is none
    raise QueryError(f'"{url}" is not a URL: write it like https://meet.example.com/alice/XYZ')


def _refusal(secure: bool) -> str:
    return "the TLS handshake fails, or 404 where a certificate names it all the same" if secure else "404"


def _rule(web: Web, pool: Pool) -> str:
    table = "meeting_server" if pool.asks_by_name else "publish"
    title = f"guest_uri {pool.title}" if pool.asks_by_name else f'"{pool.title}"'
    return f"[[web.{table}]] {title}"


def _target(pool: Pool, member: Member, secure: bool) -> str:
    if member.slots > 1:
        found = f"targets of {SERVICE}.{member.host}, each verified by its own name; without such records "
        return f"{found}A and AAAA of {member.host}, port {member.port}, verified as {member.certified}"
    where = host_port(member.host, member.port if secure else member.plain_port)
    looked_up = "" if canonical_address(member.host) else " (A and AAAA)"
    verified = f", verified as {member.certified}" if secure else ", without TLS"
    return f"{where}{looked_up}{verified}{', while all others have failed' if member.backup else ''}"


def _checks(settings: Settings, pool: Pool, secure: bool) -> Iterator[str]:
    if secure:
        files = ", ".join(pair.certificate for pair in settings.tls.server)
        yield f"the name in the TLS handshake and Host must be the same, else 421; the certificate is one of {files}"
    if pool.keeps_apart:
        yield "each client has a server connection of its own, because NTLM logs in connections"
    if pool.sticky and secure:
        yield "a cookie keeps a client with its server"


def _entered(settings: Settings, pool: Pool) -> Iterator[str]:
    """Keys of the Meeting Server's web bridge settings, and of /turnServers in its API (Cisco's guide, table 2)."""
    yield f"Guest account client URI: https://{pool.title}"
    turn, web = settings.turn, settings.web
    port = web.port if web is not None and turn is not None and turn.beside_https else turn.port if turn else 0
    for user in turn.users if turn is not None else ():
        assert turn is not None
        yield f"turnServers serverAddress: {turn.address}"
        yield f"turnServers clientAddress: {turn.outside_address or turn.address}"
        yield f"turnServers username: {user.username}"
        yield "turnServers type: standard"
        yield f"turnServers tcpPortNumberOverride: {port}"
