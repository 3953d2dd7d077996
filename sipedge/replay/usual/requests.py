"""Requests of a trace read by the shapes of those before."""

from __future__ import annotations

from typing import NamedTuple

from sipedge.sip.message import COMMA, HeaderIndex, plain_sent_by

from .shape import Shape, shape_of

SHAPES = 8
"""Tried, the one that matched last first."""
MOST_SENDERS = 65_536
"""Values of Via up to their parameters that are remembered."""


LONGEST = 1024
"""Bytes of a Request-URI and of the lines that decide."""


class Usual(NamedTuple):
    """What a decision reads of a sound request without a Route, and what of it stands in a verdict."""

    method: bytes
    uri: bytes
    sender: bytes
    """The URI in From."""
    deciding: tuple[bytes, ...]
    """Whole lines of the headers that decide, in the order of ``shape.DECIDING``."""
    to_parameters: bytes
    call_id: bytes
    cseq: bytes

    @property
    def is_short(self) -> bool:
        """What a decision about it is remembered with takes little memory."""
        return len(self.uri) + sum(map(len, self.deciding)) <= LONGEST


class UsualRequests:
    """Reads what is in the shape of a request that was shown before."""

    def __init__(self, own_hosts: frozenset[str]) -> None:
        """``own_hosts``: lower case; a request that names one of them in a Via has perhaps been there before."""
        self._own_hosts = own_hosts
        self._shapes: list[Shape] = []
        self._strangers: dict[bytes, bool] = {}
        """Values of Via up to their parameters -> whether they are in the usual form and of another host."""

    def show(self, index: HeaderIndex) -> None:
        """The index of a request that was not read here."""
        shape = shape_of(index)
        if shape is not None and shape not in self._shapes:
            self._shapes.insert(0, shape)
            del self._shapes[SHAPES:]

    def read(self, data: bytes) -> Usual | None:
        """``data``: a request with its body. None: it has to be read in full."""
        for shape in self._shapes:
            match = shape.match(data)
            if match is not None:
                break
        else:
            return None
        if shape is not self._shapes[0]:
            self._shapes.remove(shape)
            self._shapes.insert(0, shape)
        if data.count(b"\n", 0, match.end()) != shape.line_feeds:
            return None
        found = match.groups()
        for place in shape.vias:
            if COMMA in found[place + 1] or not self._is_strange(found[place]):
                return None
        call_id = found[shape.call_id].strip()
        if not call_id:
            return None
        deciding = tuple([found[place] for place in shape.deciding])
        sender, to, cseq = found[shape.sender], found[shape.to_parameters], found[shape.cseq]
        return Usual(found[0], found[1], sender, deciding, to, call_id, cseq)

    def _is_strange(self, front: bytes) -> bool:
        known = self._strangers.get(front)
        if known is None:
            host = plain_sent_by(b"Via:" + front)
            known = host is not None and host not in self._own_hosts
            if len(self._strangers) >= MOST_SENDERS:
                self._strangers.clear()
            self._strangers[front] = known
        return known
