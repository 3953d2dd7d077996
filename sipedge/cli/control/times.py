"""Times and spans as people write and read them."""

from __future__ import annotations

import re
import time

import click

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(ctx: click.Context, param: click.Parameter, value: str) -> float:
    """``90``, ``90s``, ``5m``, ``1h`` -> seconds: a callback for an option."""
    found = re.fullmatch(r"([0-9]{1,6})([smh]?)", value)
    if found is None:
        raise click.BadParameter(f'"{value}" is no time: write 90s, 5m or 1h', ctx, param)
    return float(found[1]) * _UNITS[found[2] or "s"]


def moment(epoch: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(epoch))


def span_text(seconds: float) -> str:
    """``3 min 41 s``, ``2 d 5 h``: the two largest units."""
    rest, parts = max(0, round(seconds)), []
    for name, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        number, rest = divmod(rest, size)
        if number:
            parts.append(f"{number} {name}")
    return " ".join(parts[:2]) or "0 s"
