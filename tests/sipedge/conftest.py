"""One CA for the whole session."""

from __future__ import annotations

import pytest
from support.certificates import Ca, make_ca


@pytest.fixture(scope="session")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Ca:
    return make_ca(tmp_path_factory.mktemp("ca"))
