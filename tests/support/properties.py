"""Properties that are tried with a few examples in ``make check`` and with many in ``make test``."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


def holds_for(
    *strategies: st.SearchStrategy[object], quick: int = 0, many: int
) -> Callable[[Callable[..., None]], Callable[[int], None]]:
    """``quick`` examples always (0: none), ``many`` under the marker ``slow``. Every run has the same examples."""
    counts = [*([quick] if quick else []), pytest.param(many, marks=pytest.mark.slow)]

    def decorated(holds: Callable[..., None]) -> Callable[[int], None]:
        def test(examples: int) -> None:
            settings(max_examples=examples, deadline=None, derandomize=True)(given(*strategies)(holds))()

        test.__name__, test.__qualname__, test.__doc__ = holds.__name__, holds.__qualname__, holds.__doc__
        test.__module__ = holds.__module__
        return pytest.mark.parametrize("examples", counts)(test)

    return decorated
