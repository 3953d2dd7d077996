"""The configuration of both Prosody processes, as text.

Each has two files: what a running process reads again after SIGHUP (``POLICY``), and what it reads at its start only
(``CONFIG``). The rows and traps behind the options were tried on Prosody 0.12.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sipedge.settings import DnsSettings, SecurityMode, Xmpp
from zones.addresses import host_port

from .lua_text import Value, assignments, literal

CONFIG = "prosody.cfg.lua"
POLICY = "policy.cfg.lua"
CERTIFICATE = "certificate.pem"
KEY = "key.pem"
TRUSTED = "trusted.pem"
USER = "prosody"
"""As whom it runs where the edge is root: the Debian package makes this user."""
DUMMY_HOST = "edge.invalid"
"""Prosody refuses a configuration without a VirtualHost."""
STANZA_LIMIT = 256 * 1024
LINK_STANZA_LIMIT = 8 * STANZA_LIMIT
"""A stanza grows on the link, where each quote is written as an entity of six characters; one that is too large there
would cut off a domain of ours from every partner."""

_OWN_MODULES: tuple[str, ...] = ("sipedge_policy", "sipedge_state", "sipedge_weights", "sipedge_bounds")
_MODULES: tuple[str, ...] = ("s2s", "s2s_auth_certs", "tls", "dialback", "http", *_OWN_MODULES)
_NO_MODULES: tuple[str, ...] = ("saslauth", "s2s_bidi", "c2s", "s2s_direct_tls", "offline", "register", "pep")
_ENCRYPTION: Mapping[SecurityMode, tuple[bool, bool]] = {
    "tls required": (True, True),
    "tls optional": (False, True),
    "no tls": (False, False),
}
"""Required, allowed."""


ONCE = "once-"
"""Begins a secret that is made up at each start of the edge."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """Each begins with ONCE, but for the dialback secret of a cluster and the link secret of a pair."""

    link: str = field(repr=False)
    token: str = field(repr=False)
    dialback: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the configuration of one process needs beside ``[xmpp]``."""

    folder: str
    """Absolute; all files of the process are in it."""
    dns: DnsSettings
    secrets: Secrets
    certificate: bool
    """There is a certificate with its key."""
    trusted: bool
    crl: bool


def outside_files(xmpp: Xmpp, at: Circumstances) -> dict[str, str]:
    """CONFIG and POLICY of the process towards partners."""
    options = _common(xmpp.address, xmpp, xmpp.security_mode, at, xmpp.link_port + 1) | {
        "component_interfaces": [xmpp.link_address],
        "component_ports": [xmpp.link_port],
        "component_stanza_size_limit": LINK_STANZA_LIMIT,
        "sipedge_tell_links": xmpp.role == "outside",
    }
    component: dict[str, Value] = {
        "component_secret": at.secrets.link,
        "component_conflict_resolve": "kick_old",
        "modules_enabled": ["sipedge_policy", "sipedge_state", "sipedge_bounds", "s2s_idle_timeout"],
    }
    hosts = [_host(name, component) for name in (*xmpp.domains, *xmpp.chat_node_aliases)]
    shut: dict[str, Value] = {"modules_disabled": ["s2s", "dialback", "tls"]}
    return {
        CONFIG: _file(at, options, [_virtual_host(shut), *hosts]),
        POLICY: assignments(_outside_policy(xmpp, at)),
    }


def inside_files(xmpp: Xmpp, at: Circumstances) -> dict[str, str]:
    """CONFIG and POLICY of the process towards the servers behind."""
    ours = [*xmpp.domains, *xmpp.chat_node_aliases]
    options = _common(xmpp.inside_address, xmpp, xmpp.inside_security_mode, at, xmpp.link_port + 2) | {
        "component_ports": [],
        "sipedge_domains": ours,
        "sipedge_link_address": xmpp.link_address,
        "sipedge_link_port": xmpp.link_port,
        "sipedge_link_secret": at.secrets.link,
        "sipedge_link_stanza_limit": LINK_STANZA_LIMIT,
    }
    options["modules_enabled"] = [*_MODULES, "sipedge_link"]
    policy: dict[str, Value] = {
        "sipedge_privacy_mode": "allow list",
        "sipedge_names": ours,
        "sipedge_routes": _routes((domain, server, 5269) for domain in ours for server in xmpp.servers),
        "sipedge_require_chain": False,
        "sipedge_require_name": False,
    }
    return {CONFIG: _file(at, options, [_virtual_host({})]), POLICY: assignments(policy | _ssl(at, False))}


def _outside_policy(xmpp: Xmpp, at: Circumstances) -> dict[str, Value]:
    routes = xmpp.routes if xmpp.use_static_routes else ()
    return {
        "sipedge_privacy_mode": xmpp.privacy_mode,
        "sipedge_names": {"allow list": xmpp.allow, "deny list": xmpp.deny, "off": ()}[xmpp.privacy_mode],
        "sipedge_routes": _routes((route.domain, route.address, route.port) for route in routes),
        "sipedge_require_chain": xmpp.require_client_certificates,
        "sipedge_require_name": True,
    } | _ssl(at, at.crl)


def _common(address: str, xmpp: Xmpp, mode: SecurityMode, at: Circumstances, question_port: int) -> dict[str, Value]:
    required, allowed = _ENCRYPTION[mode]
    options: dict[str, Value] = {
        "plugin_paths": [at.folder],
        "certificates": at.folder,
        "data_path": at.folder,
        "dialback_secret": at.secrets.dialback,
        "log": [{"to": "console", "levels": {"min": "info"}}],
        "modules_enabled": _MODULES,
        "modules_disabled": _NO_MODULES,
        "s2s_interfaces": [address],
        "s2s_ports": [xmpp.port],
        "s2s_require_encryption": required,
        "s2s_allow_encryption": allowed,
        "s2s_secure_auth": False,
        "s2s_timeout": 30,
        "s2s_idle_timeout": xmpp.idle,
        "s2s_stanza_size_limit": STANZA_LIMIT,
        "http_interfaces": [xmpp.link_address],
        "http_ports": [question_port],
        "https_ports": [],
        "sipedge_token": at.secrets.token,
        # Nobody reads it: other ends of the link are a change that needs a restart, which cuts the old link.
        "sipedge_peer": f"{xmpp.peer_subject_name} {host_port(xmpp.peer_address, xmpp.peer_port)}",
    }
    if at.dns.servers:
        options["unbound"] = {
            "resolvconf": False,
            "hoststxt": False,
            "forward": [_forward(server) for server in at.dns.servers],
            "options": {"do-not-query-localhost:": "no"},
        }
    return options


def _ssl(at: Circumstances, crl: bool) -> dict[str, Value]:
    if not at.certificate:
        return {}
    verify = ["lsec_continue", "lsec_ignore_purpose", *(["crl_check"] if crl else [])]
    ssl: dict[str, Value] = {
        "certificate": f"{at.folder}/{CERTIFICATE}",
        "key": f"{at.folder}/{KEY}",
        "verifyext": verify,
    }
    if at.trusted:
        ssl["cafile"] = f"{at.folder}/{TRUSTED}"
    # Not under "ssl": that is read again by a handler of its own, which may run after the one that makes the contexts.
    return {"s2s_ssl": ssl, "c2s_ssl": ssl}


def _routes(entries: Iterable[tuple[str, str, int]]) -> dict[str, Value]:
    found: dict[str, list[Value]] = {}
    for domain, address, port in entries:
        found.setdefault(domain, []).append({"host": address, "port": port})
    return dict(found)


def _forward(server: str) -> str:
    """libunbound writes a port behind an at sign."""
    if server.startswith("["):
        return server[1:].replace("]:", "@")
    return server.replace(":", "@") if server.count(":") == 1 else server


def _virtual_host(options: Mapping[str, Value]) -> str:
    return f"VirtualHost {literal(DUMMY_HOST)}\n{assignments(options)}"


def _host(name: str, options: Mapping[str, Value]) -> str:
    return f"Component {literal(name)}\n{assignments(options)}"


def _file(at: Circumstances, options: Mapping[str, Value], hosts: list[str]) -> str:
    policy = f"Include {literal(f'{at.folder}/{POLICY}')}\n"
    return assignments(options) + policy + "".join(hosts)
