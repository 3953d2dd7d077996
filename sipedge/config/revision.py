"""The revision of a configuration: one digest over the texts that a person writes.

These are ``edge.toml`` and the dial plans that it names. Keys, passwords and the secret are in files of their own and
do not count, nor do certificates: they are renewed by others, and a renewed one is no other configuration.

It is what ``sha256sum edge.toml edge.dialplan | sha256sum`` prints in the folder of ``edge.toml``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def revision_of(texts: Iterable[tuple[str, str]]) -> str:
    """``texts``: (name, text) of ``edge.toml`` first, then of the dial plans, named and ordered as there."""
    return _digest("".join(_line(name, _digest(text)) for name, text in texts))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _line(name: str, digest: str) -> str:
    """As sha256sum writes it: a name with a line end or a backslash cannot be taken for two names."""
    written = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    return f"{'' if written == name else chr(92)}{digest}  {written}\n"
