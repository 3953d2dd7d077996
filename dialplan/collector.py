"""The garbage collector held back while a large plan is read, compiled, checked or compared.

All of these make hundreds of thousands of objects that stay to the end and form no cycles, and the collector walks them
again and again. For 10,000 rules it takes 0.6 of 2.0 s of parsing, 0.2 of 0.6 s of compiling (tools/bench/search.py),
and its first walk afterwards another 0.1 s; of ``diff`` between 2 and 75 % (tools/bench/check.py).
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

MANY = 20_000
"""Objects: fewer are walked in less than a millisecond."""


@contextmanager
def collector_paused() -> Iterator[None]:
    """Inside, no garbage is collected; the state before is restored, also after an exception.

    What was made is moved to the oldest generation, so that it is not walked at once.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            # Who has frozen something wants it to stay so; to know that takes as long as there is much.
            if gc.get_count()[0] > MANY and not gc.get_freeze_count():
                gc.freeze()
                gc.unfreeze()
            gc.enable()


@contextmanager
def collector_patient() -> Iterator[None]:
    """Inside, what is there already is never walked, and what is new less often; also in processes that are forked.

    For work that makes many short-lived objects and keeps hardly any.
    """
    thresholds = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(MANY, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
