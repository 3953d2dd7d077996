from __future__ import annotations

import io

import pytest

from sipedge.cli.encoding import escape_what_cannot_be_shown


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("utf-8", "├── │ 1 ▶ µ é"), ("latin-1", "+-- | 1 > µ é"), ("ascii", "+-- | 1 > u \\xe9")],
)
def test_what_a_terminal_cannot_show_becomes_ascii(encoding: str, shown: str) -> None:
    kept = io.BytesIO()
    stream = io.TextIOWrapper(kept, encoding=encoding)
    escape_what_cannot_be_shown([stream, io.StringIO()])
    stream.write("├── │ 1 ▶ µ é")
    stream.flush()
    assert kept.getvalue().decode(encoding) == shown
