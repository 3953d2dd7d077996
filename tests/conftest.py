"""All tests draw their examples by one profile, before any of them is imported."""

from __future__ import annotations

import gc

from support.examples import load_profile

load_profile()


def pytest_configure() -> None:
    gc.disable()


def pytest_collection_finish() -> None:
    gc.enable()
    gc.freeze()


def pytest_unconfigure() -> None:
    gc.freeze()
