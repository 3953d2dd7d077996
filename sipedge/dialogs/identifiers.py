"""Where a message names another dialog: Replaces, Join, Target-Dialog, and Refer-To with such a header in its URI.

Whoever writes it knows its own leg of that call. Whoever reads it knows the other one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import quote, unquote

from sipedge.sip.message import Message
from sipedge.sip.values import split_parameters
from sipedge.topology.headers import Handler

HEADERS = ("replaces", "join", "target-dialog")
"""RFC 3891, 3911, 4538: a Call-ID and two tags."""
_IN_URI = re.compile(r"([?&](?:Replaces|Join|Target-Dialog)=)([^&>]*)", re.IGNORECASE)
_TAGS = ("local-tag", "from-tag", "remote-tag", "to-tag")
"""Target-Dialog calls them by another name (RFC 4538 7)."""

Identity = tuple[str, str, str]
"""Call-ID and the two tags, in whatever order they stand."""
Renamed = Callable[[Identity], Identity | None]
"""A dialog as one party knows it -> the same as the other party does, tag for tag; None: it is no call of the edge."""


def identity_of(value: str) -> Identity | None:
    """Whom the value of one of these headers names, the tags in the order in which they stand."""
    call_id, _, rest = value.partition(";")
    tags = [text or "" for name, text in split_parameters(rest) if name in _TAGS]
    return (call_id.strip(), *tags) if len(tags) == 2 else None  # type: ignore[return-value]


def tags_in(message: Message) -> Iterator[str]:
    """The tags of other dialogs that a request names."""
    index = message.index
    values = [message.first(name) or "" for name in HEADERS if name in index]
    if "refer-to" in index:
        values += (unquote(match[2]) for match in _IN_URI.finditer(message.first("refer-to") or ""))
    for value in values:
        identity = identity_of(value)
        yield from identity[1:] if identity is not None else ()


def handlers(renamed: Renamed) -> dict[str, Handler]:
    """For every header that may name a call."""

    def whole(value: str) -> str:
        identity, parameters = identity_of(value), split_parameters(value.partition(";")[2])
        found = renamed(identity) if identity is not None else None
        if found is None:
            return value
        new = dict(zip((name for name, _ in parameters if name in _TAGS), found[1:], strict=True))
        others = (name if text is None else f"{name}={new.get(name, text)}" for name, text in parameters)
        return ";".join((found[0], *others))

    def in_uri(value: str) -> str:
        def replaced(match: re.Match[str]) -> str:
            text = unquote(match[2])
            new = whole(text)
            return match[0] if new == text else match[1] + quote(new, safe="-_.@~")

        return _IN_URI.sub(replaced, value)

    return {**dict.fromkeys(HEADERS, whole), "refer-to": in_uri}
