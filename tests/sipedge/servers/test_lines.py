"""Lines of an engine are read up to a bound, and an engine that writes more is not held up."""

from __future__ import annotations

import asyncio
import sys

from sipedge.servers.lines import LONGEST_LINE, MOST, read_lines


def _read(program: str) -> tuple[list[str], list[int]]:
    """What comes of all that a program prints: lines, and the numbers of dropped ones."""
    lines, dropped = list[str](), list[int]()

    async def run() -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, limit=LONGEST_LINE
        )
        assert process.stdout is not None
        await asyncio.wait_for(read_lines(process.stdout, lines.append, dropped.append), 20)
        await process.wait()

    asyncio.run(run())
    return lines, dropped


def test_a_few_lines_all_come() -> None:
    assert _read("print('one\\n\\r\\n\\ntwo', end='')") == (["one", "two"], [])


def test_of_very_many_a_part_is_read_and_the_rest_counted() -> None:
    lines, dropped = _read("for number in range(300000): print(number)")
    assert len(lines) + sum(dropped) == 300000
    assert lines[:MOST] == [str(number) for number in range(MOST)]
    assert all(line.isdigit() for line in lines)


def test_after_the_second_is_over_lines_are_whole_again() -> None:
    program = f"""
import time
for number in range({MOST + 100}): print("early", number)
print("half", end="", flush=True)
time.sleep(1.2)
print(" of it", flush=True)
time.sleep(0.3)
print("late", flush=True)
"""
    lines, dropped = _read(program)
    assert lines[-1] == "late" and lines[MOST - 1] == f"early {MOST - 1}"
    assert sum(dropped) == 101 and len(lines) == MOST + 1


def test_a_long_line_comes_in_pieces() -> None:
    lines, dropped = _read(f"print('x' * {3 * LONGEST_LINE})")
    assert "".join(lines) == "x" * 3 * LONGEST_LINE and dropped == []
