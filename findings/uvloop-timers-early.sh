#!/usr/bin/env bash
# uvloop calls back before the time that call_at was given, in about every second case.
#
# One would expect that a callback of loop.call_at(when) finds loop.time() at or behind when, as asyncio's own loop has it. uvloop's
# timers know whole milliseconds and are rounded to the nearest, so up to half a millisecond too early. Who asks the clock in the
# callback whether it is time ("somebody may have moved the deadline"), and goes away where it is not, has no second timer: what was
# due never happens. That is rare where callbacks are late anyway, and so it passes tests.
#
# Seen on 30 November 2026 with uvloop 0.23.0, Python 3.11. In this project: a configuration on trial was sometimes never undone;
# sipedge/worker/loads.py compares what the timer was for instead of the clock, and a test calls it early.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q uvloop==0.23.0

cat > early.py <<'PY'
"""Prints how many of 300 callbacks came before their time, and by how many whole tenths of a millisecond at most; LOOP."""
import asyncio, sys

async def main():
    loop, gaps = asyncio.get_running_loop(), []
    for number in range(300):
        when, came = loop.time() + 0.0101 + number * 0.00001, loop.create_future()
        loop.call_at(when, lambda: came.set_result(loop.time()))
        at = await came
        if at < when:
            gaps.append(when - at)
    print(len(gaps), int(10_000 * max(gaps, default=0)))

if sys.argv[1] == "uvloop":
    import uvloop
    uvloop.run(main())
else:
    asyncio.run(main())
PY
read -r plain _ <<< "$(venv/bin/python early.py asyncio)"
read -r early tenths <<< "$(venv/bin/python early.py uvloop)"
echo "of 300 callbacks came too early: asyncio $plain; uvloop $early, by $tenths tenths of a millisecond at most"
[ "$plain" = 0 ] && [ "$early" -gt 30 ] && [ "$tenths" -ge 3 ]
