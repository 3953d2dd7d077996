from __future__ import annotations

from dialplan.check.witnesses.composing import composed


def test_halves_of_two_addresses() -> None:
    assert composed("bob7@a.a", "alice@b.example") == [
        "alice@a.a",
        "alice@b.example",
        "alice@b.example;a=a.a",
        "alice@b.example;a=b.example",
        "bob7@a.a",
        "bob7@b.example",
        "bob7@a.a;a=a.a",
        "bob7@a.a;a=b.example",
    ]


def test_of_a_host_and_of_nothing() -> None:
    assert composed("alice@a.example", "b.example")[:2] == ["alice@a.example", "alice@b.example"]
    assert composed(None, "alice@a.example")[0] == "alice@a.example"
    assert composed(None, None) == []
