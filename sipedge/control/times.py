"""Times and spans as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(epoch: float) -> str:
    return (_EPOCH + timedelta(seconds=int(epoch))).strftime("%Y-%m-%d %H:%M:%SZ")


def span_text(seconds: float) -> str:
    """``3 min 41 s``, ``2 d 5 h``: the two largest units."""
    rest, parts = max(0, round(seconds)), []
    for name, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        number, rest = divmod(rest, size)
        if number:
            parts.append(f"{number} {name}")
    return " ".join(parts[:2]) or "0 s"
