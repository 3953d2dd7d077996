"""All tests draw their examples by one profile, before any of them is imported. Some run with C and without."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from support.examples import load_profile
from support.third_party import require_native

from sipedge.native import library

load_profile()


def pytest_configure() -> None:
    gc.disable()


def pytest_collection_finish() -> None:
    gc.enable()
    gc.freeze()


def pytest_unconfigure() -> None:
    gc.freeze()


@pytest.fixture(scope="module", params=["native", "python"])
def half(request: pytest.FixtureRequest) -> Iterator[str]:
    """The half that is at work in this process and its children."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "python":
            patch.setenv(library.SWITCH, "0")
        else:
            require_native()
        yield request.param
