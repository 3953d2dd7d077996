"""Call-IDs that a hidden zone has sealed, opened for who may more than read."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from support.configuration import write
from support.console import browser, log_in, with_account
from support.decisions import record
from support.recorded import recorded

from sipedge.accounts.roles import Role
from sipedge.console.frame.world import World
from sipedge.topology.call_ids import CallIds
from sipedge.topology.seals import Seals

SECRET = "0123456789abcdef" * 4
INSIDE = "call-1@imp1.internal.example.com"
HIDDEN = 'transport = "TCP"\ntopology = "hidden"\n'


@pytest.fixture
def sealed() -> str:
    return CallIds(Seals(bytes.fromhex(SECRET)), "IM&P").outward(INSIDE)


@pytest.fixture
def world(tmp_path: Path, sealed: str) -> Iterator[World]:
    write(tmp_path, SECRET, "edge.secret")
    made = recorded(tmp_path, [record(1, call_id=sealed)])
    config = Path(made.config.path)
    config.write_text(config.read_text().replace('transport = "TCP"\n', HIDDEN, 1))
    yield made
    made.watch.close()


def _shown(world: World, role: Role) -> tuple[str, str]:
    """(the entry, its ladder)."""
    client = browser(world)
    log_in(client, with_account(world, role))
    entry = client.get("/history").text.partition('href="/history/')[2].partition('"')[0]
    return tuple(unescape(client.get(f"/history/{entry}{more}").text) for more in ("", "/ladder"))  # type: ignore[return-value]


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ADMIN])
def test_who_may_more_than_read_sees_the_call_id_of_inside(role: Role, world: World, sealed: str) -> None:
    for text in _shown(world, role):
        assert INSIDE in text and sealed in text and SECRET not in text


def test_an_auditor_sees_what_the_outside_sees(world: World, sealed: str) -> None:
    for text in _shown(world, Role.AUDITOR):
        assert INSIDE not in text and sealed in text


def test_without_the_secret_nobody_sees_more(world: World, sealed: str, tmp_path: Path) -> None:
    (tmp_path / "edge.secret").unlink()
    for text in _shown(world, Role.ADMIN):
        assert INSIDE not in text and sealed in text
    assert not (tmp_path / "edge.secret").exists()
