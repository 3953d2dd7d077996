"""What somebody filled in, as a form shows it again."""

from __future__ import annotations


class Given(dict[str, str]):
    """A field that was not filled in is ''."""

    def __missing__(self, name: str) -> str:
        return ""
