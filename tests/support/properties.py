"""Properties that are tried with a few examples in ``make check`` and with many in ``make test``."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


def holds_for(
    *strategies: st.SearchStrategy[object], quick: int, many: int
) -> Callable[[Callable[..., None]], Callable[[int], None]]:
    """``quick`` examples always, ``many`` under the marker ``slow``. The examples are the same in every run."""

    def decorated(holds: Callable[..., None]) -> Callable[[int], None]:
        def test(examples: int) -> None:
            settings(max_examples=examples, deadline=None, derandomize=True)(given(*strategies)(holds))()

        test.__name__, test.__qualname__, test.__doc__ = holds.__name__, holds.__qualname__, holds.__doc__
        test.__module__ = holds.__module__
        return pytest.mark.parametrize("examples", [quick, pytest.param(many, marks=pytest.mark.slow)])(test)

    return decorated
