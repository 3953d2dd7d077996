from __future__ import annotations

import pytest

from dialplan.model import Variables
from dialplan.pattern.variables import check_name, check_single, single_value, values
from dialplan.syntax import PatternError

OURS = Variables(ipv4=("192.0.2.1",), ipv6=("2001:db8::1", "2001:db8::2"), domains=("a", "b"), system_name="edge")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ipv4", ("192.0.2.1",)),
        ("ipv6_2", ("2001:db8::2", "[2001:db8::2]")),
        ("ip", ("192.0.2.1", "2001:db8::1", "2001:db8::2", "[2001:db8::1]", "[2001:db8::2]")),
        ("localdomains", ("a", "b")),
        ("localdomain2", ("b",)),
        ("systemname", ("edge",)),
    ],
)
def test_values(name: str, expected: tuple[str, ...]) -> None:
    check_name(name, 0)
    assert values(name, 0, OURS) == expected


@pytest.mark.parametrize("name", ["ipv4_2", "localdomain3", "ipv6_1"])
def test_no_value(name: str) -> None:
    with pytest.raises(PatternError, match="no value"):
        values(name, 0, Variables(ipv4=("x",), domains=("a", "b")))


def test_single_values() -> None:
    assert single_value("ipv6_1", 0, OURS) == "[2001:db8::1]"
    assert single_value("systemname", 0, OURS) == "edge"
    with pytest.raises(PatternError):
        single_value("systemname", 0, Variables())
    for name in ("ip", "ipv4", "ipv6", "localdomains"):
        with pytest.raises(PatternError):
            check_single(name, 0)


def test_a_close_name_is_suggested() -> None:
    with pytest.raises(PatternError) as caught:
        check_name("localdomain", 3)
    assert caught.value.offset == 3
    assert "did you mean" in caught.value.hint
