"""Option tags (RFC 3261 19.2): what a message supports and requires."""

from __future__ import annotations

from sipedge.sip.message import Message
from sipedge.sip.values import split_commas
from sipedge.topology.headers import Handler

LISTS = ("supported", "require", "proxy-require")


def tags_of(message: Message, name: str) -> frozenset[str]:
    """Of one header, lower case."""
    if name not in message.index:
        return frozenset()
    return frozenset(item.strip().lower() for value in message.values(name) for item in split_commas(value))


def without(*tags: str) -> dict[str, Handler]:
    """For the headers that list option tags: these are taken out, and a header without any goes."""

    def kept(value: str) -> str | None:
        items = split_commas(value)
        left = [item for item in items if item.strip().lower() not in tags]
        return value if len(left) == len(items) else ", ".join(left) or None

    return dict.fromkeys(LISTS, kept)
