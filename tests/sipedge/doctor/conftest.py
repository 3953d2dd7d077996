"""One set of certificates for all tests of this folder; a world for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.doctor_certificates import Issued, make
from support.doctor_world import OUR_NAME, TARGET, World

from sipedge.lab import layout


@pytest.fixture(scope="session")
def authority() -> Issued:
    return make(None, "Test CA", ca=True)


@pytest.fixture(scope="session")
def leaf(authority: Issued) -> Issued:
    return make(authority, TARGET, names=[TARGET])


@pytest.fixture(scope="session")
def ours(authority: Issued) -> Issued:
    return make(authority, OUR_NAME, names=[OUR_NAME])


@pytest.fixture
def world(tmp_path: Path, authority: Issued, leaf: Issued, ours: Issued) -> Iterator[World]:
    block = layout.reserve()
    with block.lock:
        yield World(tmp_path, block, authority, leaf, ours)
