"""All that a decision reads of a usual request: two of them with one key have one decision."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from dialplan.model import Traffic
from sipedge.decision.classification import classify_method
from sipedge.decision.speaking import host_of
from sipedge.sip.message import Message
from sipedge.sip.values import tag_of

from .requests import Usual


class Way(NamedTuple):
    """What is the same for every message from one address to another."""

    source: str
    destination: str | None
    text: str
    """Both as members of a verdict."""
    zone: str
    sent: bool
    asks_domain: bool
    """The domain in From may decide."""
    asks_names: bool
    """The names of the peer's certificate may."""


Key = tuple[bytes, bytes, tuple[bytes, ...], bool, str, str, tuple[str, ...] | None]
"""Method, Request-URI, lines of the headers that decide, whether it is in a dialog, zone, domain in From where somebody
asks for it, names of the peer's certificate where somebody asks for them."""
LONGEST = 1024
"""Bytes of a Request-URI and of the lines that decide up to which a verdict is remembered."""


def key_of(usual: Usual, way: Way, names: tuple[str, ...] | None) -> Key:
    """``names``: of the peer's certificate, None where they are not known."""
    method, uri, deciding, sender, to_parameters, _, _ = usual
    in_dialog = to_parameters != b"" and _has_tag(to_parameters)
    domain = _domain(sender) if way.asks_domain else ""
    return method, uri, deciding, in_dialog, way.zone, domain, names if way.asks_names else None


def is_short(key: Key) -> bool:
    return len(key[1]) + sum(map(len, key[2])) <= LONGEST


def is_by_method(message: Message, traffic: Traffic, evidence: str) -> bool:
    """Whether the class of traffic is what method and Event say: nothing else of the request has decided then."""
    event = (message.first("event") or "").partition(";")[0].strip()
    told = classify_method(message.method, event)
    return told.traffic is not Traffic.STANDARD and (told.traffic, told.evidence) == (traffic, evidence)


def _has_tag(parameters: bytes) -> bool:
    return bool(tag_of("<>" + parameters.decode("utf-8", "surrogateescape")))


@lru_cache(maxsize=4096)
def _domain(uri: bytes) -> str:
    """``uri``: in From."""
    return host_of(f"<{uri.decode('utf-8', 'surrogateescape')}>")
