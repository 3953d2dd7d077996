from __future__ import annotations

import pytest

from sipedge.traces.records.places import endpoint, endpoint_of
from sipedge.traces.records.record import Endpoint


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (b"10.0.0.1:5060", Endpoint("10.0.0.1", 5060)),
        (b" edge.example.org:5061 ", Endpoint("edge.example.org", 5061)),
        (b"[2001:db8::1]:5061", Endpoint("2001:db8::1", 5061)),
        (b"[2001:db8::1]", Endpoint("2001:db8::1")),
        (b"2001:db8::1", Endpoint("2001:db8::1")),
        (b"fe01", Endpoint("fe01")),
        (b"host:name", Endpoint("host:name")),
        (b"", None),
        (b":5060", None),
    ],
)
def test_address_and_port_in_one(text: bytes, wanted: Endpoint | None) -> None:
    assert endpoint(text) == wanted


def test_address_and_port_apart() -> None:
    assert endpoint_of(b" [::1] ", b" 5 ") == Endpoint("::1", 5)
    assert endpoint_of(b"a", b"65535") == Endpoint("a", 65_535)
    assert endpoint_of(b"a", b"65536") == endpoint_of(b"a", b"999999") == Endpoint("a")
    assert endpoint_of(b"", b"5") is None
