"""Headers of hidden zones beside Via, Record-Route, Contact and Call-ID."""

from __future__ import annotations

import pytest
from support.messages import request

from sipedge.topology.leaks import DROPPED, handlers, naming, searched

TABLE = handlers("edge.example.com:5061")


@pytest.mark.parametrize("name", DROPPED)
def test_these_are_dropped(name: str) -> None:
    assert TABLE[name]("anything") is None


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("warning", '399 10.0.0.1:5060 "no route to fe1.local"', '399 edge.example.com:5061 "not shown"'),
        (
            "warning",
            '301 a.local "x, y", 399 b.local "z"',
            '301 edge.example.com:5061 "not shown", 399 edge.example.com:5061 "not shown"',
        ),
        ("warning", "nonsense", None),
        ("ms-diagnostics", '1008;reason="No fe1.local";source="fe1.local"', '1008;source="edge.example.com"'),
        ("ms-diagnostics", "nonsense", None),
    ],
)
def test_of_these_the_number_is_left(name: str, value: str, expected: str | None) -> None:
    assert TABLE[name](value) == expected


def test_a_header_that_names_a_hidden_host_goes() -> None:
    names = naming(frozenset({"fe1.local", "fe2", "", "fd00::7"}), frozenset())
    assert names(b"X-From: at FE1.local now")
    assert names(b"X-From: [fd00::7]")
    assert not names(b"Subject: fe2 is up.")
    assert not names(b"X-From: fe1.locale"[:-2])


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"Contact: <sip:c-x@203.0.113.10:5061;transport=tls>", False),
        (b"Contact: <sip:c-x@edge.dmz.local.example:5061>", False),
        (b"Contact: <sip:c-x@[fd00::70]:5061>", False),
        (b"X-At: 203.0.113.1", True),
        (b"X-At: 203.0.113.10, 203.0.113.1", True),
        (b"X-At: 203.0.113.100", True),
        (b"X-At: [fd00::7]", True),
        (b"X-At: [fd00::70:7]", True),
        (b"X-At: pbx.local.example", True),
        (b"X-At: old.edge.dmz.local.example", True),
        (b"X-At: edge.dmz.local.example.net", True),
    ],
)
def test_the_edges_own_names_are_none_of_a_hidden_host_that_is_a_part_of_them(line: bytes, expected: bool) -> None:
    hidden = frozenset({"203.0.113.1", "local.example", "fd00::7"})
    assert naming(hidden, frozenset({"203.0.113.10", "edge.dmz.local.example", "fd00::70"}))(line) is expected


def test_who_is_meant_and_what_holds_no_host_any_more_is_not_searched() -> None:
    message = request(extra=("X-From: FE1.local",))
    assert searched(message.index) == (*message.index["max-forwards"], *message.index["x-from"])
