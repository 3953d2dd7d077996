from __future__ import annotations

from sipedge.console.shown.failing import Kind, kinds_of
from sipedge.history.wish import Found, Key


def _found(number: int, alias: str, status: int, target: str = "Internet", rule: str = "rest") -> Found:
    key = Key(1, number)
    return Found(key, 1.0, "MESSAGE", alias, "", "", "IM&P", target, rule, status, 1.0, "", "")


def test_failures_of_one_kind_are_told_once_with_their_number_and_where_they_stand() -> None:
    failed = [_found(number, f"user{number}@partner.example", 504) for number in range(3)]
    failed += [_found(9, "bob@partner.example", 503), _found(10, "", 404, "", ""), _found(11, "+49 30", 404, "", "")]
    (first, count), *others = kinds_of(failed, 3)
    assert (first, count) == (Kind(504, "Internet", "partner.example", "rest"), 3)
    assert first.address == "/history?status=504&zone=Internet&alias=%40partner.example&rule=rest"
    assert others[0] == (Kind(404, "", "", ""), 2) and others[0][0].address == "/history?status=404"
    assert len(kinds_of(failed, 2)) == 2
