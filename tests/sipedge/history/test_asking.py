"""A part of an alias is found alike in a segment that is sealed, by its index, and in one that is not, by reading."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.decisions import record
from support.examples import examples

from sipedge.history import asking, sealing
from sipedge.history.store import Segments
from sipedge.history.wish import Batch, Position, Wish
from sipedge.masking.addresses import Exactly

LETTERS = st.text(st.sampled_from('abAB@."%_~-é€K'), min_size=1, max_size=9)


def _lower(text: str) -> str:
    """ASCII letters only, as LIKE has them."""
    return "".join(each.lower() if each.isascii() else each for each in text)


def _history(folder: str, aliases: list[str]) -> Segments:
    history = Segments(Path(folder))
    records = tuple(record(number, alias, lines=(b"",) * 3) for number, alias in enumerate(aliases, 1))
    history.add([Batch(records, Position("first", 1, len(records)))])
    return history


def _seal(history: Segments) -> None:
    history._begin()
    history.settle()


def _found(history: Segments, part: str) -> list[str]:
    return [each.alias for each in history.find(Wish(alias=part, most=100))]


@examples(25)
@given(aliases=st.lists(LETTERS, min_size=1, max_size=8), part=LETTERS)
def test_a_part_is_found_with_and_without_an_index(aliases: list[str], part: str) -> None:
    wanted = [alias for alias in reversed(aliases) if _lower(part) in _lower(alias)]
    with TemporaryDirectory() as folder:
        history = _history(folder, aliases)
        assert _found(history, part) == wanted
        _seal(history)
        assert _found(history, part) == wanted
        history.close()


@pytest.mark.parametrize("sealed", [False, True])
def test_where_many_hold_it_the_newest_are_found(sealed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "FEW", 3)
    aliases = [f"user{number}@far.example" for number in range(20)] + ["other@near.example"]
    history = _history(str(tmp_path), aliases)
    if sealed:
        _seal(history)
    assert _found(history, "USER") == aliases[19::-1]
    history.close()


def test_without_fts5_a_part_is_found_by_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "has_fts5", lambda file: False)
    history = _history(str(tmp_path), ["user1@far.example", "user2@far.example"])
    _seal(history)
    assert _found(history, "ser1") == ["user1@far.example"]
    history.close()


@pytest.mark.parametrize("sealed", [False, True])
def test_what_would_be_found_is_counted_up_to_a_number(sealed: bool, tmp_path: Path) -> None:
    history = _history(str(tmp_path), [f"user{number}@far.example" for number in range(20)] + ["other@near.example"])
    if sealed:
        _seal(history)
    assert history.count(Wish(alias="@far.example", most=100)) == 20
    assert history.count(Wish(alias="@far.example", most=7)) == 7
    assert history.count(Wish(alias="@nowhere", most=7)) == 0
    newest = history.find(Wish(most=1))[0].key
    assert history.count(Wish(most=100, before=newest)) == 20
    history.close()


def test_a_part_may_be_demanded_of_from_or_of_the_alias_alone(tmp_path: Path) -> None:
    history = Segments(tmp_path)
    lines = (b"From: <sip:ann@one.example>", b"", b""), (b"From: <sip:ann@two.example>", b"", b"")
    records = [record(1, "bob@two.example", lines=lines[0]), record(2, "bob@one.example", lines=lines[1])]
    history.add([Batch(tuple(records), Position("first", 1, 2))])
    assert [each.alias for each in history.find(Wish(sender="@One.example"))] == ["bob@two.example"]
    assert [each.alias for each in history.find(Wish(destination="@one.example"))] == ["bob@one.example"]
    assert len(history.find(Wish(alias="@one.example"))) == 2
    history.close()


def test_a_rare_part_is_looked_up_in_a_sealed_segment_and_no_row_is_read_for_it_but_its_own(tmp_path: Path) -> None:
    """Neither for the column that holds it nowhere, nor for what all aliases hold."""
    history = _history(str(tmp_path), [f"user{number}@far.example" for number in range(200)])
    _seal(history)
    assert _found(history, "USER171@far") == ["user171@far.example"]
    assert _found(history, "far.exa")[:2] == ["user199@far.example", "user198@far.example"]
    assert _found(history, "user200@") == []
    with closing(sqlite3.connect(tmp_path / "000001.db")) as file:
        common = {part for (part,) in file.execute("SELECT part FROM alias_common")}
        assert common >= {"use", "@fa", "ple"} and "171" not in common
        conditions = asking._Conditions(file)
        assert conditions.add(Wish(alias="user171@"), 1)
        plan = file.execute(f"EXPLAIN QUERY PLAN SELECT id FROM decisions d {conditions.where}", conditions.values)
        assert ["by_alias" in row[3] for row in plan] == [True]
    history.close()


@pytest.mark.parametrize("sealed", [False, True])
def test_a_whole_user_or_domain_is_found_and_no_part_of_one(
    sealed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "FEW", 3)
    aliases = [f"{name}@{host}" for host in ("near.example", "far.near.example") for name in ("bob", "bobby", "Bob")]
    history = _history(str(tmp_path), aliases * 3)
    if sealed:
        _seal(history)

    def found(user: str, host: str) -> list[str]:
        wish = Wish(destination=Exactly(user, host), most=100)
        listed = [each.alias for each in history.find(wish)]
        assert history.count(wish) == len(listed)
        return sorted(set(listed))

    assert found("bob", "near.example") == ["Bob@near.example", "bob@near.example"]
    assert found("bobby", "") == ["bobby@far.near.example", "bobby@near.example"]
    assert found("", "near.example") == ["Bob@near.example", "bob@near.example", "bobby@near.example"]
    assert found("ob", "") == found("", "example") == []
    history.close()
