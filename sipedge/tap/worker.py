"""A thread that hands items to one output, without ever keeping the event loop waiting.

The queue between the two is bounded: when it is full, items are dropped and counted. The thread works in slices shorter
than Python's switch interval (5 ms) and sleeps a little after each slice. Otherwise the event loop would wait that
interval whenever it wants the interpreter back. When the output fails, items wait in the queue while there is room.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Sequence
from threading import Event, Lock, Thread
from typing import Protocol

from .items import Item, ItemKind, Part, records_in

MAX_ITEMS = 20_000
MAX_BYTES = 64 * 1024 * 1024
SLICE = 0.0005
BREATH = 0.0002
GATHER = 0.05
"""Seconds that the thread lets items come together before it writes them."""
ENOUGH = 512 * 1024
"""Bytes that are written at once: if more came together, to write them would flush the processor's cache."""
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
SAY_AGAIN = 10.0
"""Seconds between two lines about what is dropped."""
END_LIMIT = 3.0

logger = logging.getLogger("sipedge.tap")


class Output(Protocol):
    """Used by one thread only."""

    name: str
    """For people: what it is and where it goes."""
    takes: frozenset[ItemKind]
    """What ``render`` may be given."""

    def open(self) -> None:
        """Nothing happens when it is open. Raises OSError."""

    def render(self, item: Item) -> Part | None:
        """What to write of an item; None: nothing."""

    def write(self, parts: Sequence[Part]) -> int:
        """How many were passed over. Raises OSError: what then got through is not known."""

    def close(self) -> None: ...


class Worker:
    """What is public belongs to the event loop, and does not wait; but for ``join``."""

    def __init__(self, output: Output) -> None:
        """``output`` may be open already."""
        self._output = output
        self._following: Output | None = None
        self._lock = Lock()
        """Of ``_following``."""
        self._queue: deque[Item] = deque()
        self._put = self._taken = 0
        """Bytes; each is written by one thread only, so the difference needs no lock."""
        self._dropped = self._lost = 0
        """Records. By the loop, because the queue was full; by the thread, because the output failed."""
        self._said, self._said_at = 0, float("-inf")
        self._idle = False
        self._wake = Event()
        """For a thread that has nothing to do."""
        self._ended = False
        self._gathering = Lock()
        """Released by the loop when there is enough: to wait for a lock takes a third of the time of an Event."""
        self._gathering.acquire()
        self._pause = FIRST_PAUSE
        self._thread = Thread(target=self._run, daemon=True, name=output.name)
        self._thread.start()

    @property
    def dropped(self) -> int:
        """Records that never got to the output."""
        return self._dropped + self._lost

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def put(self, item: Item) -> bool:
        """False: the queue is full, and the item is dropped."""
        if len(self._queue) >= MAX_ITEMS or self._put - self._taken > MAX_BYTES:
            self._dropped += records_in(item)
            return False
        self.put_again(item)
        if self._put - self._taken > ENOUGH:
            self._stop_gathering()
        return True

    def recall(self) -> Item | None:
        """What was put last, where the thread has not taken it: to be changed, and ``put_again``."""
        try:
            item = self._queue.pop()
        except IndexError:
            return None
        self._put -= item.size
        return item

    def put_again(self, item: Item) -> None:
        """There is room for what was recalled."""
        self._put += item.size
        self._queue.append(item)
        if self._idle:
            self._idle = False
            self._wake.set()

    def replace(self, output: Output) -> None:
        """Go on with another output (or the same file opened anew), which may be open already."""
        with self._lock:
            passed_over, self._following = self._following, output
        if passed_over is not None:
            passed_over.close()
        self._wake.set()

    def end(self) -> None:
        """Write what is queued, then end."""
        self._ended = True
        self._stop_gathering()
        self._wake.set()

    def join(self) -> None:
        """Wait for the end, not for ever; only after ``end``, outside the event loop."""
        self._thread.join(END_LIMIT)

    def _run(self) -> None:
        came = 0
        while self._queue or not self._ended:
            self._wait(is_quiet=not came)
            self._take_following()
            came = len(self._queue)
            try:
                self._output.open()
                self._drain(came)
            except OSError as error:
                self._failed(error)
            self._say()
        self._output.close()
        self._said_at = float("-inf")
        self._say()

    def _wait(self, is_quiet: bool) -> None:
        """GATHER, so that more comes together; before that, where nothing does, until there is something to do."""
        self._idle = is_quiet
        if is_quiet and not self._queue and not self._ended and self._following is None:
            self._wake.wait()
        self._idle = False
        self._wake.clear()
        if not self._ended:
            self._gathering.acquire(timeout=GATHER)

    def _stop_gathering(self) -> None:
        if self._gathering.locked():  # nobody but the loop releases it
            self._gathering.release()

    def _take_following(self) -> None:
        with self._lock:
            following, self._following = self._following, None
        if following is not None:
            self._output.close()
            self._output = following
            self._pause = FIRST_PAUSE

    def _drain(self, items: int) -> None:
        """So many, which are there: with those that come meanwhile more shall come together. Raises OSError."""
        while items > 0 and self._following is None:
            parts, records, taken = self._slice(items)
            if parts:
                try:
                    self._lost += self._output.write(parts)
                except OSError:
                    self._lost += records
                    raise
                self._pause = FIRST_PAUSE
            items -= taken or items
            if items:
                time.sleep(BREATH)

    def _slice(self, most: int) -> tuple[list[Part], int, int]:
        """What to write next, how many records that is, and how many items."""
        parts: list[Part] = []
        records = taken = 0
        end = time.monotonic() + SLICE
        while taken < most and time.monotonic() < end:
            try:
                item = self._queue.popleft()
            except IndexError:  # the loop has just recalled it
                break
            taken += 1
            self._taken += item.size
            try:
                part = self._output.render(item)
            except Exception:  # one item must not end the thread
                logger.exception("%s: a record could not be written", self._output.name)
                self._lost += records_in(item)
                continue
            if part is not None:
                parts.append(part)
                records += records_in(item)
        return parts, records, taken

    def _failed(self, error: OSError) -> None:
        """Wait before the next attempt; at the end there is none."""
        self._output.close()
        logger.warning("%s: %s; tried again in %g s", self._output.name, error, self._pause)
        if self._ended:
            self._lost += sum(map(records_in, self._queue))
            self._queue.clear()
            return
        until = time.monotonic() + self._pause
        while self._following is None and not self._ended and (left := until - time.monotonic()) > 0:
            self._wake.wait(left)
            self._wake.clear()
        self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def _say(self) -> None:
        missing, now = self.dropped, time.monotonic()
        if missing != self._said and now - self._said_at >= SAY_AGAIN:
            logger.warning("%s: %d records are lost so far", self._output.name, missing)
            self._said, self._said_at = missing, now
