"""The journal of a running edge: at its start, and where a reload names another one."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from support.b2bua import b2bua
from support.settings import make_settings

from sipedge.edge.keeping import Keeping
from sipedge.proxy.commands import Keep


def test_what_was_kept_is_recalled_by_the_next_edge(tmp_path: Path) -> None:
    settings = b2bua(journal=str(tmp_path / "journal"))

    async def scenario() -> None:
        first = Keeping(settings)
        first.keep(Keep("a", b"1"))
        first.keep(Keep("b", b"2"))
        first.keep(Keep("a", None))
        await first.aclose()
        second = Keeping(settings)
        assert second.recalled().kept == {"b": b"2"}
        await second.aclose()

    asyncio.run(scenario())


def test_a_reload_follows_another_file_and_leaves_none_behind(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"

    async def scenario() -> None:
        settings = b2bua(journal=str(one))
        keeping = Keeping(settings)
        assert keeping.open(settings) is None
        other = replace(settings, journal=str(two))
        opened = keeping.open(other)
        assert opened is not None and keeping.open(make_settings()) is None
        keeping.use(other, opened)
        keeping.keep(Keep("a", b"1"))
        assert not one.exists()
        keeping.use(make_settings(), None)
        keeping.keep(Keep("a", b"nobody keeps it"))
        assert not two.exists()
        await keeping.aclose()
        opened.join()

    asyncio.run(scenario())


def test_one_that_cannot_be_opened_is_named_with_its_place(tmp_path: Path) -> None:
    path = str(tmp_path / "missing" / "journal")
    settings = make_settings(journal=path, places={"edge.journal": "edge.toml:4"})
    with pytest.raises(OSError) as caught:
        Keeping(settings)
    assert str(caught.value) == f'[edge] journal (edge.toml:4): "{path}": No such file or directory'


def test_each_worker_has_a_file_and_those_that_are_left_inherit(tmp_path: Path) -> None:
    settings = b2bua(journal=str(tmp_path / "journal"))

    async def scenario() -> None:
        for worker in range(4):
            keeping = Keeping(replace(settings, workers=4), worker)
            keeping.keep(Keep(f"call-{worker}", b"x"))
            await keeping.aclose()
        for worker, kept in ((0, {"call-0", "call-2"}), (1, {"call-1", "call-3"})):
            keeping = Keeping(replace(settings, workers=2), worker)
            assert set(keeping.recalled().kept) == kept
            await keeping.aclose()
        assert sorted(path.name for path in tmp_path.iterdir()) == ["journal", "journal.1"]
        keeping = Keeping(settings)
        assert set(keeping.recalled().kept) == {f"call-{worker}" for worker in range(4)}
        await keeping.aclose()

    asyncio.run(scenario())
