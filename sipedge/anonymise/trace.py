"""A whole trace anonymised: once through it to learn which aliases there are, once more to write it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from sipedge.decision.installation import Installation
from sipedge.decision.record_route import PREFIX, TOKEN_LENGTH, TokenKey
from sipedge.decision.routing import RouteInformation, fits_seal, read_routes, seal_of_routes
from sipedge.replay.decider import Decider
from sipedge.replay.source_zone import sender
from sipedge.sip.message import parse_message
from sipedge.sip.uri import UriError, parse_uri
from sipedge.sip.values import MessageError
from sipedge.traces.records.record import Endpoint, Record
from zones.addresses import canonical_address

from .addresses import Addresses
from .classes import RoutingClasses, settle
from .message import anonymised
from .text import Text
from .words import Words

_URI = re.compile(rb"sips?:[^\s<>\"]{1,2048}", re.IGNORECASE)
_TOKEN = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{{TOKEN_LENGTH - len(PREFIX)}}}(?=@)")
MAX_URIS = 500_000


class Anonymiser:
    """Feed ``learn`` with all records, call ``settle``, then take ``replaced`` of each record."""

    def __init__(self, key: bytes, decider: Decider | None = None) -> None:
        """``decider``: of the configuration under which routing classes are kept; None where there is none."""
        self._decider = decider
        self.text = Text(Words(key), Addresses(key, self._stays))
        self._uris: dict[str, None] = {}

    def learn(self, record: Record) -> None:
        if self._decider is None:
            return
        head = record.data.partition(b"\r\n\r\n")[0]
        for uri in _URI.findall(head):
            if len(self._uris) < MAX_URIS:
                self._uris[uri.decode("utf-8", "surrogateescape").rstrip(";,")] = None

    def settle(self) -> int:
        """How many aliases could not keep their class (0)."""
        if self._decider is None:
            return 0
        return settle(self._uris, RoutingClasses(self._decider.installation), self.text)

    def replaced(self, record: Record) -> Record:
        """The record with other names and the same length."""
        data = anonymised(record.data, self.text)
        if self._decider is not None:
            data = _signed_again(record.data, data, self._decider.installation)
        source = record.source or _said_sender(record.data)
        ends = self._endpoint(source), self._endpoint(record.destination)
        return record._replace(source=ends[0], destination=ends[1], data=data, names=None)

    def _endpoint(self, end: Endpoint | None) -> Endpoint | None:
        if end is None:
            return None
        known = canonical_address(end.host)
        return end._replace(host=self.text.addresses(end.host) if known else self.text.header(end.host))

    def _stays(self, address: str) -> bool:
        """Whether the configuration knows an address: zones are found by it."""
        return self._decider is not None and bool(self._decider.name_of(address))


def _said_sender(data: bytes) -> Endpoint | None:
    """As Via names it, where the trace shows no sender: the files that are written have no missing address."""
    try:
        return sender(parse_message(data))
    except MessageError:
        return None


def _signed_again(before: bytes, after: bytes, installation: Installation) -> bytes:
    """The edge's own Route tokens hold for one dialog and its Contact: those that were valid are made anew."""
    signed = _with_tokens(before, after, installation.key)
    if signed != after and _routes(before, installation, fits_seal):
        return _with_tokens(before, signed, installation.key, _routes(signed, installation, seal_of_routes))
    return signed


Found = TypeVar("Found")


def _routes(data: bytes, installation: Installation, ask: Callable[[RouteInformation], Found]) -> Found | None:
    """What is to be known of a request's routes; None for what cannot be read and for responses."""
    try:
        message = parse_message(data)
        uri = parse_uri(message.uri)
        return ask(read_routes(message, uri, installation.edge, installation.key))
    except (MessageError, UriError):
        return None


def _with_tokens(before: bytes, after: bytes, key: TokenKey, seal: bytes | None = None) -> bytes:
    """``seal``: the one of the anonymised Contact; None keeps what the tokens have."""
    if PREFIX.encode() not in before:
        return after
    try:
        old, new = parse_message(before), parse_message(after)
    except MessageError:
        return after
    text = before.decode("utf-8", "surrogateescape")
    out = after.decode("utf-8", "surrogateescape")
    for token in _TOKEN.finditer(text):
        for old_tag, new_tag in ((old.from_tag, new.from_tag), (old.to_tag, new.to_tag)):
            pair = key.read(token[0], old.call_id, (old_tag,))
            if pair is not None and new_tag is not None:
                pair = pair if seal is None else replace(pair, seal=seal)
                out = out[: token.start()] + key.mint(pair, new.call_id, new_tag) + out[token.end() :]
                break
    return out.encode("utf-8", "surrogateescape")
