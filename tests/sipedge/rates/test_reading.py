"""How much is read of one connection at once."""

from __future__ import annotations

from sipedge.rates.reading import LARGEST_READ, SLICE, SMALLEST_READ, Reading

SPACE = memoryview(bytearray(2 * LARGEST_READ))


def room(reading: Reading) -> int:
    return len(reading.room(SPACE))


def test_a_peer_whose_bytes_take_long_gets_room_for_what_fits_into_a_slice() -> None:
    reading = Reading()
    assert room(reading) == LARGEST_READ
    reading.took(40_000, 4 * SLICE)
    assert room(reading) == 10_000


def test_the_room_never_falls_below_the_smallest_read_and_grows_again() -> None:
    reading = Reading()
    reading.took(LARGEST_READ, 1000.0)
    sizes = [room(reading)]
    while sizes[-1] < LARGEST_READ:
        reading.took(10, 0.0)
        sizes.append(room(reading))
    assert sizes == [SMALLEST_READ << shift for shift in range(len(sizes))]
