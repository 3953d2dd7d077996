"""The parts in C: tests that need them, and tests that run with them and without."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sipedge.native import library
from sipedge.pjsip.declarations import DECLARATIONS
from sipedge.pjsip.native import sequences
from sipedge.remembered.native import ways
from sipedge.sip.native import heads
from sipedge.traces.capture.native import packets

from .third_party import missing


def require_native() -> None:
    """All of them, compiled from the sources at hand."""
    try:
        sequences.load(DECLARATIONS)
        heads.load()
        ways.load()
        packets.load()
    except library.Unusable as reason:
        missing(f"a part in C cannot be used: {reason} (python setup.py build_ext --inplace)")


@pytest.fixture(scope="module", params=["native", "python"])
def half(request: pytest.FixtureRequest) -> Iterator[str]:
    """Which of the two is at work in this process and its children."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "python":
            patch.setenv(library.SWITCH, "0")
        else:
            require_native()
        yield request.param
