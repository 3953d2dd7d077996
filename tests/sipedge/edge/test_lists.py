"""Two workers of one edge, and the lists that each of them finds."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from support.certificates import make_ca, revoke
from support.settings import ZONES, make_settings

from sipedge.bus.words import ListsFound
from sipedge.edge.lists import Lists
from zones.zone import Revocation, TlsPolicy


def test_what_one_finds_in_a_file_the_other_reads_at_once_and_then_all_is_quiet(tmp_path: Path) -> None:
    ca = make_ca(tmp_path)
    path = revoke(ca, 1, out=tmp_path / "a.crl")
    policy = TlsPolicy(revocation=Revocation.HARD, crl=(str(path),))
    settings = make_settings(zones=(replace(ZONES[0], tls=policy),))
    said: list[str] = []
    read: list[str] = []

    def joined(name: str, own: Lists, other: Lists) -> None:
        def tell(word: ListsFound) -> None:
            said.append(name)
            other.heard(word)

        own.tell = tell

    async def test() -> None:
        done = asyncio.Event()

        def last() -> None:
            read.append("two")
            done.set()

        one = Lists(settings, lambda: read.append("one"))
        two = Lists(settings, last)
        joined("one", one, two)
        joined("two", two, one)
        one.start(lambda: 0.01)
        two.start(lambda: 3600.0)
        revoke(ca, 1, 2, out=path)
        await asyncio.wait_for(done.wait(), 10)
        for each in (one, two):
            assert [len(known.list.serials) for known in each.revocations.known.values()] == [2]
            await each.aclose()

    asyncio.run(test())
    assert read == said == ["one", "two"]
