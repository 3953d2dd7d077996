"""Everything of a box that decides where requests go, by GET alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from sipedge.expressway.answers import NEEDED, OPTIONAL, Answers, Record
from sipedge.expressway.raml import Enumerations, RamlError, enumerations

from .client import BoxError, Reader

DESCRIPTION, STATUS, PEERS = "/api/raml", "/status.xml", "common/cluster/peers"
_VERSION = re.compile(r"<Version\b[^>]*>([^<]{1,60})</Version>")
_PRIMARY = re.compile(r"(configuration)?(primary|master)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reading:
    """``described``: the values that the box's own description allows, empty where it cannot be read."""

    host: str
    version: str
    """'' when the box does not tell."""
    answers: Answers
    described: Enumerations
    notes: Sequence[str] = field(default=())


def read_box(reader: Reader) -> Reading:
    """Raises BoxError."""
    notes: list[str] = []
    answers: dict[str, Sequence[Record]] = {}
    for path in (*NEEDED, *OPTIONAL):
        records = reader.records(path)
        if records is None and path in NEEDED:
            raise BoxError(f'"{reader.host}" knows no {path} (404): is it an Expressway with the REST API (X8.11)?')
        if records is not None:
            answers[path] = records
    described = _described(reader, notes)
    version = _VERSION.search(reader.text(STATUS) or "")
    return Reading(reader.host, version[1].strip() if version else "", answers, described, notes)


def peers_of(reader: Reader) -> list[Record]:
    """The peers of the cluster as the box tells them; none where it does not. Raises BoxError."""
    return reader.records(PEERS) or []


def primary_of(peers: Sequence[Record]) -> str:
    """The address of the peer that the box's own list calls primary (or master), '' when it calls none.

    The key is inferred: the command line has ``Alternates ConfigurationMaster``, the number of a peer.
    """
    for peer in peers:
        for key, value in peer.items():
            if not _PRIMARY.fullmatch(key):
                continue
            if value is True or str(value).casefold() in ("yes", "true", "on"):
                return str(peer.get("PeerAddress", ""))
            if str(value).isascii() and str(value).isdigit() and 0 < int(str(value)[:3]) <= len(peers):
                return str(peers[int(str(value)[:3]) - 1].get("PeerAddress", ""))
    return ""


def _described(reader: Reader, notes: list[str]) -> Enumerations:
    text = reader.text(DESCRIPTION)
    if text is None:
        notes.append(f"{DESCRIPTION} is not there: values are read by the table of known spellings alone")
        return {}
    try:
        return enumerations(text)
    except RamlError as error:
        notes.append(f"{DESCRIPTION} {error}: values are read by the table of known spellings alone")
        return {}
