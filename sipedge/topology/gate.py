"""One way over a border for messages in the usual form: what becomes of the few lines that C cannot change by itself.

It is what ``Border`` makes of them. What it has made of a line is remembered here: a party's Contact comes with each of
its messages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from sipedge.sip.message import value_of
from sipedge.sip.values import MessageError

from .call_ids import Crossed, leading
from .headers import line_of

Lines = tuple[bytes | None, ...]
"""None: the line goes."""
Show = Callable[[Sequence[bytes], Iterable[str]], Lines]
"""Lines of a hidden zone's peers, and hosts that are hidden with those in Contact -> the lines as others see them."""

MOST = 2048
"""Sets of lines that are remembered in one direction; the oldest goes first."""
LONGEST = 1024
"""Bytes of one: so that nobody can fill the memory."""
BREAK = b"\r\n"


class Peer(Protocol):
    """Of a hop what names it."""

    @property
    def address(self) -> str: ...
    @property
    def name(self) -> str: ...


class Shown:
    """What was made of lines. ``seen``: hosts with blanks between, then the lines, CRLF in front of each."""

    def __init__(self, show: Show) -> None:
        self._show = show
        self._known: dict[bytes, Lines] = {}

    def __call__(self, seen: bytes) -> Lines | None:
        """None: they cannot be read."""
        known = self._known.get(seen)
        if known is not None:
            return known
        hosts, *lines = seen.split(BREAK)
        try:
            made = self._show(lines, hosts.decode("latin-1").lower().split())
        except MessageError:
            return None
        if len(seen) <= LONGEST:
            if len(self._known) >= MOST:
                del self._known[next(iter(self._known))]
            self._known[seen] = made
        return made


class Gate:
    """From one zone to another one."""

    def __init__(self, crossed: Crossed, out: Show | None, back: Show | None) -> None:
        """``crossed``: Call-IDs. ``out``: what shows a hidden source's requests, ``back`` a hidden target's responses;
        None: the zone is open.
        """
        self._crossed = crossed
        self._out = None if out is None else Shown(out)
        self._back = None if back is None else Shown(back)
        self.hides = out is not None
        """Whether the source is hidden."""
        self.covers = back is not None
        """Whether the target is."""

    def request(self, call_id: bytes, seen: bytes, /) -> tuple[bytes, Lines] | None:
        """The Call-ID's line and those that are searched for hosts. ``seen``: see ``Shown``; b"" for no lines.

        None: this is for ``Border``.
        """
        lines = self._out(seen) if seen and self._out is not None else ()
        if lines is None:
            return None
        value = value_of(call_id)
        changed = leading(self._crossed, value)
        return (call_id if changed == value else line_of(call_id.partition(b":")[0].rstrip(), changed)), lines

    def response(self, hops: tuple[Peer, ...], seen: bytes, /) -> Lines | None:
        """Lines of a response from the first of ``hops``, CRLF in front of each; None: it is for ``Border``."""
        hop = hops[0]
        return None if self._back is None else self._back(f"{hop.address} {hop.name}".encode() + seen)
