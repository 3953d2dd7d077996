"""Both event loops, and one CA and one certificate of the edge for the whole session."""

from __future__ import annotations

import pytest
from support.certificates import Ca, issue
from support.connections import Run
from support.edge import LOOPS, run_in, settings_for

from sipedge.settings import Tls


@pytest.fixture(params=LOOPS)
def run(request: pytest.FixtureRequest) -> Run:
    return lambda test: run_in(request.param, test)


@pytest.fixture(scope="session")
def tls(ca: Ca) -> Tls:
    return settings_for(ca, issue(ca, names=["edge.example.com"]))
