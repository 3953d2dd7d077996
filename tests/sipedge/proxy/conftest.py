"""Playbooks that check at their end that nothing was said unexpectedly.

All tests run twice: with verdicts that are remembered, and without.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.playbook import FakeResolver, Play, Playbook
from support.settings import make_settings

from sipedge.settings import Limits, Settings


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.cls is None:  # hypothesis' state machines are unittest's, which knows no parameters
        metafunc.parametrize("remembered", [True, False], ids=["remembered", "anew"], indirect=True, scope="module")


@pytest.fixture(scope="module", autouse=True)
def remembered(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whether verdicts are remembered."""
    with pytest.MonkeyPatch.context() as patch:
        if not getattr(request, "param", True):
            limits = Limits(remembered=0)
            values = tuple(getattr(limits, name) for name in Limits.__dataclass_fields__)
            patch.setattr(Limits.__init__, "__defaults__", values)
        yield


@pytest.fixture
def play() -> Iterator[Play]:
    books: list[Playbook] = []

    def make(settings: Settings | None = None, resolver: FakeResolver | None = None) -> Playbook:
        books.append(Playbook(settings or make_settings(), resolver=resolver))
        return books[-1]

    yield make
    for book in books:
        book.settle()
