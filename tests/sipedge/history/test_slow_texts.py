"""Texts that strangers have chosen to make a search slow."""

from __future__ import annotations

from pathlib import Path
from time import thread_time

import pytest
from support.decisions import record

from sipedge.console.shown.wishes import LONGEST_PART
from sipedge.history import kept
from sipedge.history.store import Segments
from sipedge.history.wish import Batch, Position, TooLong, Wish

ALIKE = "a" * 4000


def test_a_search_ends_in_time_whatever_the_texts_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history = Segments(tmp_path)
    whole = record(1)
    records = tuple(whole | {"sequence": number, "alias": f"{ALIKE}{number}"} for number in range(3000))
    history.add([Batch(records, Position("first", 1, 1))])
    monkeypatch.setattr(kept, "PATIENCE", 0.05)
    began = thread_time()
    with pytest.raises(TooLong):
        history.find(Wish(alias="a" * (LONGEST_PART - 1) + "b"))
    assert thread_time() - began < 3
    history.close()
