"""HEP version 3, the wire format of capture collectors such as HOMER: one packet a message or decision.

A packet is ``HEP3``, its length, and chunks of vendor, type, length and value, all big endian; the ids are those of the
HEP3 specification (draft "The Extensible Encapsulation Protocol", revision 36), vendor 0.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address
from struct import Struct, pack

from sipedge.proxy.events import ConnectionOpened

from .items import Decided, Item, Passed, record_text
from .masking import masked

SIP, LOG = 1, 100
"""Payload types."""
_PROTOCOL = {"UDP": 17, "TCP": 6, "TLS": 22}
"""IP protocols; 22 is what capture agents and collectors write for TLS, which is none."""
_IPV4, _IPV6 = 2, 10
_SHORT = Struct("!HHHH")
_LONG = Struct("!HHHI")
_HEAD = Struct("!HHH")
LARGEST = 65535
"""The length of a packet has two bytes."""


class Packets:
    """``capture_id`` and ``password`` tell a collector whose packets these are."""

    def __init__(self, capture_id: int, password: str, mask: bool) -> None:
        self._mask = mask
        self._who = _LONG.pack(0, 12, 10, capture_id) + (_chunk(14, password.encode()) if password else b"")

    def render(self, item: Item) -> bytes:
        if type(item) is Passed:
            head = masked(item.head) if self._mask else item.head
            return self._packet(item.time, SIP, item.opened, item.sent, head + item.body)
        assert type(item) is Decided
        payload = record_text(item.entry, item.sequence).encode("ascii")
        related = _chunk(17, item.entry.call_id.encode("utf-8", "surrogateescape"))
        return self._packet(item.entry.time, LOG, item.entry.opened, False, payload, related)

    def _packet(
        self, time: float, kind: int, opened: ConnectionOpened, sent: bool, payload: bytes, related: bytes = b""
    ) -> bytes:
        """Longer than LARGEST where the payload is."""
        seconds, fraction = divmod(time, 1)
        body = b"".join(
            (
                _addresses(
                    opened.transport,
                    opened.local_address,
                    opened.local_port,
                    opened.peer_address,
                    opened.peer_port,
                    sent,
                ),
                _LONG.pack(0, 9, 10, int(seconds)),
                _LONG.pack(0, 10, 10, int(fraction * 1e6)),
                pack("!HHHB", 0, 11, 7, kind),
                self._who,
                related,
                _chunk(15, payload),
            )
        )
        return b"HEP3" + min(len(body) + 6, LARGEST).to_bytes(2, "big") + body


@lru_cache(4096)
def _addresses(transport: str, local: str, local_port: int, peer: str, peer_port: int, sent: bool) -> bytes:
    """Chunks 1 to 8: who sent to whom."""
    ends = [(ip_address(local.partition("%")[0]), local_port), (ip_address(peer.partition("%")[0]), peer_port)]
    (source, source_port), (target, target_port) = ends if sent else ends[::-1]
    first, family = (3, _IPV4) if source.version == 4 else (5, _IPV6)
    return (
        pack("!HHHB", 0, 1, 7, family)
        + pack("!HHHB", 0, 2, 7, _PROTOCOL[transport])
        + _chunk(first, source.packed)
        + _chunk(first + 1, target.packed)
        + _SHORT.pack(0, 7, 8, source_port)
        + _SHORT.pack(0, 8, 8, target_port)
    )


def _chunk(kind: int, value: bytes) -> bytes:
    return _HEAD.pack(0, kind, min(len(value) + 6, LARGEST)) + value
