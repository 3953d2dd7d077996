"""How much is read of one connection at once."""

from __future__ import annotations

import pytest

from sipedge.rates.reading import LARGEST_READ, SLICE, SMALLEST_READ, Reading

SPACE = memoryview(bytearray(2 * LARGEST_READ))


def room(reading: Reading) -> int:
    return len(reading.room(SPACE))


def test_a_peer_whose_bytes_take_long_gets_room_for_what_fits_into_a_slice() -> None:
    reading = Reading()
    assert room(reading) == LARGEST_READ
    reading.is_fast(40_000, 4 * SLICE)
    assert room(reading) == 10_000


def test_the_room_never_falls_below_the_smallest_read_and_grows_again() -> None:
    reading = Reading()
    reading.is_fast(LARGEST_READ, 1000.0)
    sizes = [room(reading)]
    while sizes[-1] < LARGEST_READ:
        reading.is_fast(10, 0.0)
        sizes.append(room(reading))
    assert sizes == [SMALLEST_READ << shift for shift in range(len(sizes))]


@pytest.mark.parametrize(("size", "is_fast"), [(1000, True), (999, False)])
def test_a_peer_that_fills_the_room_is_fast(size: int, is_fast: bool) -> None:
    reading = Reading()
    reading.room(SPACE[:1000])
    assert reading.is_fast(size, 0.0) is is_fast
