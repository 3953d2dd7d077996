"""Playbooks that check at their end that nothing was said unexpectedly."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.playbook import FakeResolver, Play, Playbook
from support.settings import make_settings

from sipedge.settings import Settings


@pytest.fixture
def play() -> Iterator[Play]:
    books: list[Playbook] = []

    def make(settings: Settings | None = None, resolver: FakeResolver | None = None) -> Playbook:
        books.append(Playbook(settings or make_settings(), resolver=resolver))
        return books[-1]

    yield make
    for book in books:
        book.settle()
