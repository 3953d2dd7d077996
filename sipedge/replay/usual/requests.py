"""Requests of a trace read by the shapes of those before."""

from __future__ import annotations

from sipedge.sip.message import COMMA, HeaderIndex, plain_sent_by

from .shape import Shape, shape_of

SHAPES = 8
"""Tried, the one that matched last first."""
MOST_SENDERS = 65_536
"""Values of Via up to their parameters that are remembered."""


Usual = tuple[bytes, bytes, tuple[bytes, ...], bytes, bytes, bytes, bytes]
"""What a decision reads of a sound request without a Route, and what of it stands in a verdict: method, Request-URI,
whole lines of the headers that decide (``shape.DECIDING``), the URI in From, parameters of To, Call-ID, CSeq.

A plain tuple: one is made of every request.
"""


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
            matches, line_feeds, vias, deciding, sender, to_parameters, call_id_at, cseq = shape
            match = matches(data)
            if match is not None:
                break
        else:
            return None
        if shape is not self._shapes[0]:
            self._shapes.remove(shape)
            self._shapes.insert(0, shape)
        if data.count(b"\n", 0, match.end()) != line_feeds:
            return None
        found = match.groups()
        strangers = self._strangers
        for place in vias:
            front = found[place]
            if COMMA in found[place + 1] or not (strangers.get(front) or self._is_strange(front)):
                return None
        call_id = found[call_id_at].strip()
        if not call_id:
            return None
        lines = tuple([found[place] for place in deciding]) if deciding else ()
        return found[0], found[1], lines, found[sender], found[to_parameters], call_id, found[cseq]

    def _is_strange(self, front: bytes) -> bool:
        host = plain_sent_by(b"Via:" + front)
        is_strange = host is not None and host not in self._own_hosts
        if len(self._strangers) >= MOST_SENDERS:
            self._strangers.clear()
        self._strangers[front] = is_strange
        return is_strange
