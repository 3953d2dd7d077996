"""What the part in C refuses of its caller; what it makes of messages is compared in sipedge/edge/test_short_way.py."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.native import require_native

from sipedge.pjsip.declarations import DECLARATIONS
from sipedge.pjsip.native import sequences
from sipedge.remembered.native import ways
from sipedge.remembered.native.ways import Ways

ONE = (b"\1", b"\1", b"", b"")
SINGLE = (1, 1, 1, 1, 1, 0)
OPEN = (False, 0, b"", b"", 0)
"""Of a border."""


@pytest.fixture
def native() -> Ways:
    require_native()
    made = ways.load()
    made.begin(
        sequences.load(DECLARATIONS).table(), b"z9hG4bKtestx", lambda connection, way: None, 10, 2048, 40, 512, 4096
    )
    return made


@pytest.mark.parametrize(
    "wrong",
    [
        lambda made: made.take(0, bytearray(9), 0, 0, 9, 1, 1.0, 1.0, 1.0),
        lambda made: made.take(0, b"no buffer", 0, 0, 9, 1, 1.0, 1.0, 1.0),
        lambda made: made.take(0, bytearray(9), 0),
        lambda made: made.close(0),
        lambda made: made.close("0"),
        lambda made: made.seat(0, 1),
        lambda made: made.seat(0),
        lambda made: made.open(0, 1, None),
        lambda made: made.open(1),
        lambda made: made.find("a branch"),
        lambda made: made.share(bytearray(9), 0),
        lambda made: made.share(None),
        lambda made: made.begin(0, b"front", None, 1, 1, 1, 1, 1),
        lambda made: made.learn(0, b"", 0, b"", b"", b"", 1, False, 1.0, False, b"key", b"source", None, (), None),
        lambda made: made.shape(b"\nVia:", False, b"\1\2", b"\1", b"", b"", *SINGLE, OPEN),
        lambda made: made.shape(b"\nVia:", False, *ONE, 2, 1, 1, 1, 1, 0, OPEN),
        lambda made: made.shape(b"\nVia:", False, b"\0", b"\1", b"", b"", *SINGLE, OPEN),
        lambda made: made.shape(b"\nVia:", False, b"\1" * 65, b"\1", b"", b"", *SINGLE, OPEN),
        lambda made: made.shape(b"\nVia:", False, *ONE, 1, 1, 0, 1, 1, 0, (True, 0, b"", b"", 0)),
        lambda made: made.shape(b"\nVia:", False, *ONE, *SINGLE, (True, 2, b"", b"", 0)),
        lambda made: made.shape(b"\nVia:", False, *ONE, *SINGLE, (True, 0, b"\2", b"", 0)),
        lambda made: made.shape(b"\nVia:", False, *ONE, *SINGLE, (True, 0, b"", b"\0", 0)),
        lambda made: made.shape(b"\nVia:", False, *ONE, *SINGLE, (True, 0, b"", b"\1", 2)),
        lambda made: made.shape(b"\nVia:" * 65, False, *ONE, *SINGLE, OPEN),
    ],
)
def test_numbers_and_bytes_that_cannot_be_are_refused(native: Ways, wrong: Callable[[Ways], object]) -> None:
    with pytest.raises((TypeError, ValueError)):
        wrong(native)


def test_nothing_is_under_way_at_first(native: Ways) -> None:
    assert native.waiting(-1, float("inf")) == []
    assert native.find(b"z9hG4bKtestx1.0123456789ab") == 0
    assert native.find(b"") == 0
    assert native.give_up(1) is None
