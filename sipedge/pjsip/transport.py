"""One connection as pjsip sees it: a pjsip_transport whose bytes go to our own connection."""

from __future__ import annotations

import hashlib
import socket
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .declarations import IPV6, RELIABLE, SECURE, TCP, TLS, Pointer
from .endpoint import Endpoint

_FAMILIES: dict[int, int] = {socket.AF_INET: 16, socket.AF_INET6: 28}
"""Length of a socket address of each family."""
_POOL = 1000
"""Bytes, of which a transport needs 860 to 910. The caching pool has blocks of 1,024."""


class Transport:
    """``pointer`` is the pjsip_transport, ``received`` the start of every pjsip_rx_data that comes from it."""

    __slots__ = (
        "number",
        "peer",
        "who",
        "share",
        "port",
        "pointer",
        "address",
        "address_length",
        "received",
        "source",
        "kept",
        "servers",
        "accepted",
        "clients",
        "short",
        "asked",
        "idle",
    )

    def __init__(self, number: int, peer: str, port: int, names: Sequence[str], share: str, pointer: Pointer) -> None:
        self.number, self.peer, self.port, self.pointer = number, peer.encode("ascii"), port, pointer
        self.who = b"%b %b" % (self.peer, _digest(names)) if names else self.peer
        """Equal for two connections of one peer. An address alone may be shared by several (NAT, RFC 3261 17.2.3)."""
        self.share = share or peer
        """Whose share of the transactions it counts in."""
        self.address = pointer.key.rem_addr
        self.address_length = pointer.addr_len
        self.received = b""
        self.source = 0
        self.kept: tuple[Pointer, ...] = ()
        """Address of the native half's struct sipedge_source, and what it points to."""
        self.servers: dict[int, None] = {}
        """Numbers of its server transactions. (An empty dict takes 64 bytes, an empty set 216.)"""
        self.accepted: dict[int, None] = {}
        """Those of them that are INVITEs answered with 2xx, oldest first."""
        self.clients: dict[tuple[bytes, bool], None] = {}
        """Keys of its client transactions."""
        self.short = self.asked = 0
        """Requests that went on without a transaction (``Stack.count_short``): that came on it, and that went on it."""
        self.idle: deque[int] | None = None
        """Once it is closed: where its number goes when its last transaction has ended."""

    def settle(self) -> None:
        """A transaction of it has ended, or it is closed: say so when nothing holds it any more."""
        if self.idle is not None and not self.is_held:
            self.idle.append(self.number)

    @property
    def is_held(self) -> bool:
        """A transaction lives that came or went on it."""
        return bool(self.servers or self.clients)

    @property
    def is_owed(self) -> bool:
        """Its peer waits for an answer; an INVITE that has its 2xx is over."""
        return len(self.servers) + self.short > len(self.accepted)

    @property
    def is_used(self) -> bool:
        """An answer is awaited on it, by either side."""
        return bool(self.clients or self.asked) or self.is_owed


def _digest(names: Sequence[str]) -> bytes:
    return hashlib.blake2b("\0".join(sorted(names)).encode(), digest_size=8).hexdigest().encode("ascii")


@dataclass(frozen=True, slots=True)
class Ends:
    """What is known of a connection's two ends; addresses are numeric."""

    secure: bool
    local: tuple[str, int]
    remote: tuple[str, int]
    names: Sequence[str] = ()
    """In the peer's certificate."""
    share: str = ""
    """Whose share of the transactions it counts in; '' for its address."""


def create(endpoint: Endpoint, number: int, ends: Ends, operations: Any) -> Transport:
    """Make a pjsip_transport and register it; ``operations`` are the callbacks send, shut down and destroy."""
    secure, local, remote = ends.secure, ends.local, ends.remote
    ffi, lib = endpoint.ffi, endpoint.lib
    pool = endpoint.pool(b"transport", _POOL)
    pointer = ffi.cast("pjsip_transport *", lib.pj_pool_calloc(pool, 1, ffi.sizeof("pjsip_transport")))
    pointer.obj_name = b"connection %d" % number
    pointer.pool = pool
    endpoint.check("pj_atomic_create", lib.pj_atomic_create(pool, 0, ffi.addressof(pointer, "ref_cnt")))
    lock = ffi.addressof(pointer, "lock")
    endpoint.check("pj_lock_create", lib.pj_lock_create_recursive_mutex(pool, b"transport", lock))
    host = remote[0].partition("%")[0]
    family, address = socket_address(host, remote[1])
    pointer.key.type = (TLS if secure else TCP) | (IPV6 if family == socket.AF_INET6 else 0)
    pointer.key.rem_addr.bytes = address
    pointer.addr_len = _FAMILIES[family]
    pointer.local_addr.bytes = socket_address(local[0].partition("%")[0], local[1])[1]
    pointer.type_name = pooled(endpoint, pool, b"TLS" if secure else b"TCP")
    pointer.flag = RELIABLE | SECURE if secure else RELIABLE
    pointer.info = pooled(endpoint, pool, b"connection")
    name(endpoint, pointer.local_name, pool, *local)
    name(endpoint, pointer.remote_name, pool, *remote)
    pointer.endpt, pointer.tpmgr = endpoint.pointer, endpoint.transport_manager
    pointer.send_msg, pointer.do_shutdown, pointer.destroy = operations
    status = lib.pjsip_transport_register(endpoint.transport_manager, pointer)
    endpoint.check("pjsip_transport_register", status)
    lib.pjsip_transport_add_ref(pointer)  # pjsip closes transports that nobody holds; ours live until close()
    return Transport(number, host, remote[1], ends.names, ends.share, pointer)


def release(endpoint: Endpoint, transport: Transport) -> None:
    """Let pjsip destroy it as soon as its last transaction lets go."""
    endpoint.lib.pjsip_transport_shutdown(transport.pointer)
    endpoint.lib.pjsip_transport_dec_ref(transport.pointer)


def free(endpoint: Endpoint, pointer: Pointer) -> None:
    """What pjsip's ``destroy`` asks of a transport: give back lock, counter and pool."""
    lib, pool = endpoint.lib, pointer.pool
    lib.pj_lock_destroy(pointer.lock)
    lib.pj_atomic_destroy(pointer.ref_cnt)
    lib.pj_pool_release(pool)


def pooled(endpoint: Endpoint, pool: Pointer, text: bytes) -> Pointer:
    """A C string that lives as long as the pool."""
    memory = endpoint.ffi.cast("char *", endpoint.lib.pj_pool_alloc(pool, len(text) + 1))
    endpoint.ffi.memmove(memory, text + b"\0", len(text) + 1)
    return memory


def name(endpoint: Endpoint, target: Pointer, pool: Pointer, host: str, port: int) -> None:
    text = host.encode("ascii")
    target.host.ptr, target.host.slen, target.port = pooled(endpoint, pool, text), len(text), port


def socket_address(host: str, port: int) -> tuple[int, bytes]:
    """Family and struct sockaddr of a numeric address, padded to the 28 bytes of pj_sockaddr."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    packed = socket.inet_pton(family, host)
    flow = bytes(4) if family == socket.AF_INET6 else b""
    return family, (int(family).to_bytes(2, "little") + port.to_bytes(2, "big") + flow + packed).ljust(28, b"\0")
