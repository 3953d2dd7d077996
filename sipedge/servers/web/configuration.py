"""The configuration of HAProxy for published web services, as text.

Rows and traps behind the lines were tried on HAProxy 2.6. What is not obvious:

* ``sni`` on a server line is what its certificate is verified against, and ``verifyhost`` counts only without it.
* A health check verifies ``check-sni``, not ``sni``.
* ``option http-server-close`` and shared connections (``http-reuse``, which pools that log in by NTLM switch off) would
  show one client's answers to another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sipedge.servers.haproxy.syntax import line, section
from sipedge.web_settings import Web
from zones.addresses import canonical_address, host_port

from .pools import Member, Pool

TRUSTED = "trusted.pem"
HTTPS_SOCKET = "https.sock"
"""Between the two halves of HAProxy where TURN shares the port."""
RESOLVERS = "edge"
NOBODY = "nobody"
_TIMEOUTS = {
    "connect": "5s",
    "queue": "5s",
    "client": "60s",
    "server": "300s",
    "http-request": "10s",
    "http-keep-alive": "60s",
    "client-fin": "30s",
    "tunnel": "1h",
    "check": "3s",
}
"""``http-request``: for a whole request header; ``tunnel``: a WebSocket that carries nothing."""
_HOLD = {"valid": "5s", "obsolete": "0s", "nx": "30s", "other": "1h", "refused": "1h", "timeout": "1h"}
"""How long an answer of the DNS is used without asking again, and how long after the DNS has become silent."""
_REQUESTS = "request %ci:%cp %[var(txn.host)] %b %s %ST %B %Tt %ts %{+Q}r"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the text needs beside ``[web]`` and its pools."""

    certificates: tuple[str, ...]
    """Names of files, each with a certificate, its chain and its key."""
    dns: tuple[str, ...]
    """``address`` or ``address:port``; empty: what the system uses."""
    cookie_key: str
    """Secret: makes the cookies, which else would tell inside addresses."""
    turn: str = ""
    """``address:port`` of the TURN server that shares the port of HTTPS; ''."""


def sections(web: Web, pools: Sequence[Pool], at: Circumstances) -> str:
    """All after ``global``."""
    parts = [_defaults(web), _resolvers(at.dns)]
    for number, address in enumerate(web.addresses, 1):
        here = [pool for pool in pools if pool.address == address]
        shares = at.turn and canonical_address(address) == canonical_address(at.turn.rpartition(":")[0].strip("[]"))
        bind = f"unix@{web.folder}/{HTTPS_SOCKET}" if shares else host_port(address, web.port)
        if shares:
            parts.append(_shared(address, web, bind, at.turn))
        parts.append(_outside(f"outside-{number}", bind, web, here, at))
        if web.plain_port:
            parts.append(_plain(f"plain-{number}", address, web, here))
    parts.append(section(f"backend {NOBODY}", [line("http-request", "deny", "deny_status", "404")]))
    for pool in pools:
        parts.append(_backend(pool, at))
        if pool.plain_names:
            parts.append(_plain_backend(pool))
    return "".join(parts)


def _defaults(web: Web) -> str:
    lines = [
        line("mode", "http"),
        line("log", "global"),
        line("log-format", _REQUESTS),
        *([] if web.log_requests else [line("option", "dontlog-normal")]),
        line("option", "dontlognull"),
        line("option", "redispatch"),
        line("retries", "2"),
        *(line("timeout", kind, span) for kind, span in _TIMEOUTS.items()),
        _rule("default-server inter 2s fastinter 500ms downinter 1s fall 2 rise 1"),
    ]
    return section("defaults", lines)


def _resolvers(servers: Sequence[str]) -> str:
    named = [line("nameserver", f"dns{number}", _with_port(server)) for number, server in enumerate(servers, 1)]
    lines = [
        *(named or [line("parse-resolv-conf")]),
        line("accepted_payload_size", "1232"),
        *(line("hold", kind, span) for kind, span in _HOLD.items()),
    ]
    return section(f"resolvers {RESOLVERS}", lines)


def _with_port(server: str) -> str:
    return f"{server}:53" if canonical_address(server) and not server.startswith("[") else server


def _shared(address: str, web: Web, https: str, turn: str) -> str:
    """A port that HTTPS and TURN share: a TLS record begins with 22, a STUN message with 0 (RFC 7983 section 7)."""
    front = [
        line("mode", "tcp"),
        line("bind", host_port(address, web.port)),
        *_sources(web),
        _rule("option tcplog"),
        _rule("tcp-request inspect-delay 5s"),
        _rule("tcp-request content accept if { req.len gt 0 }"),
        _rule("use_backend https if { req.payload(0,1) -m bin 16 }"),
        _rule("use_backend turn if { req.payload(0,1) -m bin 00 }"),
    ]
    back = [line("mode", "tcp"), line("server", "https", https, "send-proxy-v2")]
    relay = [line("mode", "tcp"), line("timeout", "server", "1h"), line("server", "coturn", turn)]
    return section("frontend shared", front) + section("backend https", back) + section("backend turn", relay)


def _outside(name: str, bind: str, web: Web, pools: Sequence[Pool], at: Circumstances) -> str:
    """Nothing gets through but a request whose Host is the name that the TLS handshake asked for, and published."""
    crt = [word for file in at.certificates for word in ("crt", file)]
    proxied = ["accept-proxy"] if bind.startswith("unix@") else []
    return section(
        f"frontend {name}",
        [
            line("bind", bind, *proxied, "ssl", *crt, "alpn", "http/1.1", "strict-sni"),
            *([] if proxied else _sources(web)),
            *_refusals(web.port, 443),
            _rule("http-request deny deny_status 421 unless { ssl_fc_sni,lower,strcmp(txn.host) eq 0 }"),
            line("http-request", "set-header", "X-Forwarded-For", "%[src]"),
            *(line("use_backend", pool.backend, "if", *_is_one_of(pool.names)) for pool in pools),
            line("default_backend", NOBODY),
        ],
    )


def _sources(web: Web) -> list[str]:
    """No address takes all connections, before any handshake is done for it."""
    return [
        _rule("stick-table type ipv6 size 100k expire 1m store conn_cur"),
        _rule("tcp-request connection track-sc0 src"),
        _rule(f"tcp-request connection reject if {{ sc0_conn_cur gt {web.connections_per_source} }}"),
    ]


def _refusals(port: int, usual: int) -> list[str]:
    """Host as it is compared, and requests that two readers could understand differently.

    HAProxy itself refuses Hosts that differ, passes Content-Length only where there is no Transfer-Encoding, and
    refuses codings that it does not know.
    """
    shown_port = f"http-request set-var(txn.host) req.hdr(host),field(1,:),lower if {{ req.hdr(host) -m end :{port} }}"
    return [
        _rule("http-request set-var(txn.host) req.hdr(host),lower"),
        *([_rule(shown_port)] if port != usual else []),
        _rule("http-request deny deny_status 400 unless { req.hdr_cnt(host) eq 1 }"),
        _rule("http-request deny deny_status 400 unless { url -m beg / }"),
    ]


def _rule(text: str) -> str:
    """A line that is ours from its first word to its last."""
    return line(*text.split(" "))


def _plain(name: str, address: str, web: Web, pools: Sequence[Pool]) -> str:
    """Without TLS: to the same place with it, but for what has to be found before anything is trusted."""
    names = [name for pool in pools for name in pool.names if name not in pool.plain_names]
    there = "https://%[var(txn.host)]" + ("" if web.port == 443 else f":{web.port}")
    redirect = ["http-request", "redirect", "prefix", there, "code", "301", "if", *_is_one_of(names)]
    return section(
        f"frontend {name}",
        [
            line("bind", host_port(address, web.plain_port)),
            *_sources(web),
            *_refusals(web.plain_port, 80),
            *([line(*redirect)] if names else []),
            line("http-request", "set-header", "X-Forwarded-For", "%[src]"),
            *(
                line("use_backend", _plain_name(pool), "if", *_is_one_of(pool.plain_names))
                for pool in pools
                if pool.plain_names
            ),
            line("default_backend", NOBODY),
        ],
    )


def _is_one_of(names: Sequence[str]) -> list[str]:
    return ["{", "var(txn.host)", "-m", "str", *names, "}"]


def _plain_name(pool: Pool) -> str:
    return f"{pool.backend}:plain"


def _backend(pool: Pool, at: Circumstances) -> str:
    lines = [
        line("balance", "roundrobin"),
        line("option", "allbackups"),
        line("timeout", "server", f"{round(pool.read_timeout * 1000)}ms"),
    ]
    if pool.keeps_apart:
        lines += [line("http-reuse", "never"), line("option", "prefer-last-server")]
    if pool.sticky:
        lines += [
            line("cookie", *_COOKIES[pool.keeps_apart]),
            line("dynamic-cookie-key", at.cookie_key),
        ]
    if pool.health_check:
        lines += _health_check(pool.names[0])
    lines.append(line("default-server", "ssl", "verify", "required", "ca-file", TRUSTED, "check"))
    return section(f"backend {pool.backend}", [*lines, *(_server(member, pool) for member in pool.members)])


_COOKIES = {
    False: "SIPEDGE insert indirect nocache httponly secure dynamic".split(),
    True: "MS-WSMAN insert indirect nocache secure dynamic".split(),
}
"""Lync's own clients want theirs under that name, and readable."""


def _health_check(host: str) -> list[str]:
    """Any answer but a server's own fault: a pool asks strangers to log in."""
    return [
        line("option", "httpchk"),
        line("http-check", "send", "meth", "GET", "uri", "/", "ver", "HTTP/1.1", "hdr", "Host", host),
        line("http-check", "expect", "status", "200-499"),
    ]


def _server(member: Member, pool: Pool) -> str:
    name = member.certified
    named = ["sni", f"str({name})", "check-sni", name] if pool.asks_by_name else ["verifyhost", name]
    words = [*_place(member, member.port), *named, "weight", str(member.weight)]
    return line(*words, *(["backup"] if member.backup else []))


def _place(member: Member, port: int) -> list[str]:
    where = host_port(member.host, port)
    if canonical_address(member.host):
        return ["server", member.name, where]
    found = ["resolvers", RESOLVERS, "resolve-prefer", "ipv4", "init-addr", "none"]
    if member.slots > 1:
        return ["server-template", member.name + "_", str(member.slots), where, *found]
    return ["server", member.name, where, *found]


def _plain_backend(pool: Pool) -> str:
    lines = [line("balance", "roundrobin"), line("option", "allbackups"), line("http-reuse", "never")]
    for member in (member for member in pool.members if member.plain_port):
        words = [*_place(member, member.plain_port), "check", *(["backup"] if member.backup else [])]
        lines.append(line(*words))
    return section(f"backend {_plain_name(pool)}", lines)
