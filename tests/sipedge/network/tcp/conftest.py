"""Both event loops."""

from __future__ import annotations

import pytest
from support.connections import Run
from support.edge import LOOPS, run_in


@pytest.fixture(params=LOOPS)
def run(request: pytest.FixtureRequest) -> Run:
    return lambda test: run_in(request.param, test)
