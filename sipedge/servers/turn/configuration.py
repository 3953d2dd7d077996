"""The configuration of coturn, as text.

After turnserver(1) of coturn 4.6. What is not obvious: ``userdb`` has to be named, or it opens the system's; without
``verbose`` a stranger makes it write lines only by wrong passwords; its own command line is a telnet server.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from ipaddress import ip_network

from sipedge.web_settings import Turn, TurnUser
from zones.addresses import host_port

CERTIFICATE, KEY = "certificate.pem", "key.pem"
_FIXED = (
    "lt-cred-mech",
    "stale-nonce=600",
    "no-dtls",
    "no-tlsv1",
    "no-tlsv1_1",
    "no-tcp-relay",
    "no-multicast-peers",
    "no-cli",
    "no-rfc5780",
    "no-stun-backward-compatibility",
    "response-origin-only-with-rfc5780",
    "no-software-attribute",
    "allocation-default-address-family=keep",
    "log-file=stdout",
)
"""``no-tcp-relay``: nothing here asks a TURN server to open TCP connections (RFC 6062), and strangers should not."""


def text(turn: Turn, folder: str) -> str:
    """``folder``: absolute, where certificate, key and coturn's own files are."""
    return "".join(f"{line}\n" for line in _lines(turn, folder))


def _lines(turn: Turn, folder: str) -> Iterator[str]:
    yield from (f"listening-ip={turn.address}", f"relay-ip={turn.address}", f"listening-port={turn.port}")
    if turn.outside_address:
        yield f"external-ip={turn.outside_address}/{turn.address}"
    yield from (f"aux-server={host_port(turn.address, port)}" for port in turn.further_ports)
    if turn.tls_port:
        yield f"tls-listening-port={turn.tls_port}"
        yield from (f"cert={folder}/{CERTIFICATE}", f"pkey={folder}/{KEY}")
    else:
        yield "no-tls"
    yield from (f"min-port={turn.ports[0]}", f"max-port={turn.ports[1]}")
    yield from (f"user-quota={turn.user_quota}", f"total-quota={turn.total_quota}", f"realm={turn.realm}")
    yield from (f"user={user.username}:{_key(turn, user)}" for user in turn.users)
    yield from (f"denied-peer-ip={_range(network)}" for network in turn.deny_peers)
    yield from (f"allowed-peer-ip={_range(network)}" for network in turn.allow_peers)
    if any(ip_network(network).is_loopback for network in turn.allow_peers):
        yield "allow-loopback-peers"
    yield from (f"userdb={folder}/users", f"pidfile={folder}/pid", *_FIXED)


def _key(turn: Turn, user: TurnUser) -> str:
    """Of long-term credentials (RFC 8489 section 9.2.2), in place of the password."""
    key = hashlib.md5(f"{user.username}:{turn.realm}:{user.password}".encode(), usedforsecurity=False)
    return f"0x{key.hexdigest()}"


def _range(network: str) -> str:
    addresses = ip_network(network)
    return f"{addresses[0]}-{addresses[-1]}"
