"""A push: one write after the other to the primary, each read back, waited for on every peer, and compared.

Before each write the box is compared with what it should be. The first surprise ends the push: another
administrator's change, a write that the box refuses or does in another way, a peer that does not get it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sipedge.expressway.answers import DOMAINS, TRANSFORMS, Record
from sipedge.expressway.fields import NAME, PATH
from sipedge.expressway.requests import Request
from sipedge.expressway.writes import Write, WriteKind

from .client import BoxError, Reader, Writer
from .cluster import Peers, rules_of

POLL = 1.0
"""Seconds between two looks at a peer."""
WATCHED = (TRANSFORMS, DOMAINS)
"""What the proof rests on beside the rules."""


class Surprise(Exception):
    """A box that is not as it should be; ``str()`` is a sentence."""


@dataclass(slots=True)
class Push:
    """``rules``: name -> rule, and ``around``: path -> objects, as they were when the order was proved."""

    peers: Peers[Writer]
    rules: dict[str, object]
    around: Mapping[str, Sequence[Record]]
    patience: float
    """Seconds that a peer may take to get a write."""
    tell: Callable[[Request], None]
    """Called when a write is done and every peer has it."""
    done: list[Write] = field(default_factory=list)
    """Also the one that may be done or not: the last, when it was a surprise."""

    def run(self, requests: Sequence[Request]) -> None:
        """Raises Surprise."""
        try:
            for request in requests:
                self._compare("before " + str(request.write))
                self.done.append(request.write)
                self._write(request)
                self._expect(request)
                self._compare("after " + str(request.write))
                self._wait_for_peers(request)
                self.tell(request)
        except BoxError as error:
            raise Surprise(str(error)) from None

    def _write(self, request: Request) -> None:
        primary, write = self.peers.primary, request.write
        if request.body is None:
            primary.delete(PATH, write.name)
        elif write.kind is WriteKind.CREATE:
            primary.create(PATH, request.body)
        else:
            primary.update(PATH, request.body)

    def _expect(self, request: Request) -> None:
        """A new rule may have fields that were not sent: they are taken as the box has set them."""
        name = request.write.name
        if request.body is None:
            self.rules.pop(name, None)
            return
        there = self.rules.get(name) or rules_of(self.peers.primary).get(name)
        self.rules[name] = {**(there if isinstance(there, dict) else {}), **request.body}

    def _compare(self, when: str) -> None:
        """Raises Surprise unless the primary has what is expected."""
        found = rules_of(self.peers.primary)
        for name in sorted({*found, *self.rules}):
            if not _same(found.get(name), self.rules.get(name)):
                raise Surprise(f'{when}, rule "{name}" of {self.peers.primary.host} {_how(found, self.rules, name)}')
        if surroundings(self.peers.primary) != self.around:
            what = " or ".join(WATCHED)
            raise Surprise(f"{when}, {what} of {self.peers.primary.host} is not as it was when the order was proved")

    def _wait_for_peers(self, request: Request) -> None:
        wanted = rules_of(self.peers.primary)
        for peer in self.peers.others:
            if not _has(peer, wanted, self.patience):
                late = f"{self.patience:g} s after {request.write}"
                raise Surprise(f"{peer.host} has not the rules of the primary {late}")


def surroundings(reader: Reader) -> dict[str, Sequence[Record]]:
    """What ``Push.around`` is made of. Raises BoxError."""
    return {path: reader.records(path) or [] for path in WATCHED}


def _has(peer: Reader, rules: Mapping[str, object], seconds: float) -> bool:
    """Whether the peer gets these rules in time."""
    deadline = time.monotonic() + seconds
    while rules_of(peer) != rules:
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(POLL, left))
    return True


def _same(found: object, expected: object) -> bool:
    """Numbers may come back as text."""
    if isinstance(found, dict) and isinstance(expected, dict):
        return found.keys() == expected.keys() and all(str(found[key]) == str(expected[key]) for key in found)
    return found == expected


def _how(found: Mapping[str, object], expected: Mapping[str, object], name: str) -> str:
    if name not in found:
        return "is gone"
    there, wanted = found[name], expected.get(name)
    if not isinstance(there, dict) or not isinstance(wanted, dict):
        return "is there" if wanted is None else "is there more than once"
    keys = [key for key in {**there, **wanted} if str(there.get(key)) != str(wanted.get(key)) and key != NAME]
    return "has another value of " + ", ".join(keys)
