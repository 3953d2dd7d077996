"""Several peers of one cluster: which of them is the primary, and whether the others have its rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sipedge.expressway.answers import Record
from sipedge.expressway.fields import NAME, PATH

from .client import BoxError, Reader
from .reading import peers_of, primary_of

ReaderT = TypeVar("ReaderT", bound=Reader)


@dataclass(frozen=True, slots=True)
class Peers(Generic[ReaderT]):
    primary: ReaderT
    others: Sequence[ReaderT]
    notes: tuple[str, ...]
    unnamed: int
    """Peers of the cluster, as the primary tells, beyond those that were named."""


def peers_among(readers: Sequence[ReaderT]) -> Peers[ReaderT]:
    """``readers``: in the order they were named. The first is the primary unless the box tells of another.

    Raises BoxError, also where the box calls a peer primary that was not named.
    """
    listed = peers_of(readers[0])
    told = primary_of(listed)
    primary = next((reader for reader in readers if told and reader.name == told.casefold()), None)
    if told and primary is None:
        raise BoxError(f'"{readers[0].host}" says that the primary is {told}: name that peer, as it is spelled there')
    notes: tuple[str, ...] = ()
    if primary is None:
        primary = readers[0]
        if len(listed) > 1:
            notes = (f'the box does not tell which peer is the primary; "{primary.host}" is taken, the first named',)
    others = [reader for reader in readers if reader is not primary]
    return Peers(primary, others, notes, max(0, len(listed) - len(readers)))


def lagging(peers: Peers[ReaderT]) -> list[str]:
    """The hosts whose rules are not the primary's. Raises BoxError."""
    wanted = rules_of(peers.primary)
    return [reader.host for reader in peers.others if rules_of(reader) != wanted]


def rules_of(reader: Reader) -> dict[str, object]:
    """As ``by_name``. Raises BoxError."""
    return by_name(reader.records(PATH) or ())


def by_name(rules: Sequence[Record]) -> dict[str, object]:
    """Name -> the rule as the box gives it, a name that is there twice as a list."""
    found: dict[str, object] = {}
    for record in rules:
        name = str(record.get(NAME))
        found[name] = [found[name], record] if name in found else record
    return found
