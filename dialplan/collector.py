"""The garbage collector held back while a large plan is read.

Reading makes about a million objects that stay and form no cycles; the collector would walk them again and again, for a
third of the time.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
