"""Standard output of a terminal that cannot show every character: lines and arrows become ASCII, the rest escapes."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterable
from typing import TextIO

ASCII = str.maketrans(
    {"│": "|", "─": "-", "━": "-", "◀": "<", "▶": ">", "→": ">", "·": ".", "…": ".", "µ": "u"}
    | dict.fromkeys("┼├└┌┐┘┤┬┴", "+")
)
"""Characters that commands draw with."""
_HANDLER = "sipedge-ascii"


def _escape(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(ASCII)
    return text.encode("ascii", "backslashreplace").decode("ascii"), error.end


codecs.register_error(_HANDLER, _escape)


def escape_what_cannot_be_shown(streams: Iterable[TextIO]) -> None:
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_HANDLER)
