"""Numbers in the path of a page: ``{number:short}`` has nine digits at most, a longer one names no page."""

from __future__ import annotations

from starlette.convertors import IntegerConvertor, register_url_convertor


class _Short(IntegerConvertor):
    regex = "[0-9]{1,9}"


def know_short_numbers() -> None:
    """Before a route with one is made."""
    register_url_convertor("short", _Short())
