"""The report of an import: what it did and could not do. It names every setting of the dump that is not used."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dialplan.importers.xconfiguration import Remark, Setting
from sipedge.printable import escaped

_SECRET_WORDS = ("password", "secret", "key", "community", "passphrase", "credential")

EVERYWHERE = (
    "A peer's certificate must lead to a trusted CA and be meant for its role (extended_key_usage): the box is laxer.",
    "As soon as the Default Zone has access rules, a stranger whom none of them names is turned away.",
    "An alias is compared whole and without regard to case, and in linear time; a pattern that cannot be is refused.",
)
"""Differences that every import has."""


def write_report(
    counts: Sequence[tuple[int, str]],
    notes: Sequence[str],
    refused: Sequence[tuple[str, str]],
    remarks: Iterable[Remark],
    lines: Iterable[Remark],
    unused: Iterable[Setting],
) -> str:
    """``notes``: about the whole.

    ``refused``: (what could not be taken over and changes decisions, why). ``lines``: about lines of the dump."""
    sections = [
        ("Taken over", [f"{count} {what}" for count, what in counts]),
        ("Before you rely on it", notes),
        ("Not taken over: decisions differ", [f"{what}: {why}" for what, why in refused]),
        ("Look at these", [_remark(each) for each in sorted(remarks, key=lambda remark: remark.line)]),
        ("Different everywhere", list(EVERYWHERE)),
        ("Lines of the dump", list(map(_remark, lines))),
        ("Settings without an equal here", list(map(_setting, unused))),
    ]
    texts = [_section(title, entries) for title, entries in sections if entries]
    return "\n".join(texts)


def _section(title: str, entries: Iterable[str]) -> str:
    return "\n".join([title, "-" * len(title), *(escaped(entry) for entry in entries), ""])


def _remark(remark: Remark) -> str:
    return f"line {remark.line}: {remark.text}" if remark.line else remark.text


def _setting(setting: Setting) -> str:
    secret = setting.value.startswith("{") or any(word in setting.name.lower() for word in _SECRET_WORDS)
    value = "(not shown)" if secret and setting.value else f'"{setting.value}"'
    return f"line {setting.line}: {setting.name}: {value}"
