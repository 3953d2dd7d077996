"""All tests draw their examples by one profile, before any of them is imported."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator

import pytest
from support.examples import load_profile

load_profile()


def pytest_configure() -> None:
    gc.disable()


def pytest_collection_finish() -> None:
    gc.enable()
    gc.freeze()


@pytest.fixture(autouse=True)
def signals_are_let_through_again() -> Iterator[None]:
    """``sipedge run`` in the tests' own process blocks SIGHUP, which programs that are started later would inherit."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    yield
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def pytest_unconfigure() -> None:
    gc.freeze()
