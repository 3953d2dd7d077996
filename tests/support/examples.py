"""How many examples a property test draws, decided in one place.

Every run draws the same ones. ``SIPEDGE_EXAMPLES`` says how many: ``full`` (``make test`` and plain pytest), ``quick``
(``make check``: a tenth), ``random`` (``make fuzz``: others in every run, and what failed once is tried again first), a
number (``make fuzz OPTIONS="--examples 10000"``: so many of each test, others in every run).
"""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis.database import DirectoryBasedExampleDatabase

DRAW = os.environ.get("SIPEDGE_EXAMPLES", "full")
FACTORS = {"quick": 0.1, "full": 1.0, "random": 4.0}
FEWEST = 5
USUAL = 100
"""Examples of a test that does not say."""


def _count(full: int) -> int:
    return int(DRAW) if DRAW.isdigit() else max(FEWEST, int(full * FACTORS[DRAW]))


def examples(full: int, **options: Any) -> settings:
    """Decorates a property test: ``full`` examples in ``make test``. ``options``: hypothesis settings."""
    return settings(max_examples=_count(full), **options)


def load_profile() -> None:
    """Raises KeyError for a word in the environment that is neither a number nor one of FACTORS."""
    is_random = DRAW == "random" or DRAW.isdigit()
    settings.register_profile(
        "sipedge",
        max_examples=_count(USUAL),
        derandomize=not is_random,
        database=DirectoryBasedExampleDatabase(".hypothesis") if is_random else None,
        deadline=None,  # machines are loaded: time is measured by benchmarks
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("sipedge")
