from __future__ import annotations

from pathlib import Path

import pytest
from support.settings import make_settings

from sipedge.queries.query import QueryError
from sipedge.replay.saying import with_zone_names, zone_of_address, zones_of_file


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.1=IMP", ("192.0.2.1", "IMP")),
        (' 192.0.2.1:5061 = "Default Zone" ', ("192.0.2.1:5061", "Default Zone")),
        ("[2001:db8::1]=IMP", ("2001:db8::1", "IMP")),
        ("[2001:db8::1]:5061=IMP", ("[2001:db8::1]:5061", "IMP")),
    ],
)
def test_an_address_and_its_zone(text: str, expected: tuple[str, str]) -> None:
    assert zone_of_address(text) == expected


@pytest.mark.parametrize("text", ["192.0.2.1", "=IMP", "192.0.2.1=", ""])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(QueryError, match="write 192.0.2.1=ZONE"):
        zone_of_address(text)


def test_a_file_has_a_line_for_each(tmp_path: Path) -> None:
    path = tmp_path / "map"
    path.write_text("# who is who\n\n192.0.2.1=IMP  # the node\n192.0.2.2=SfB\n")
    assert zones_of_file(str(path)) == [("192.0.2.1", "IMP"), ("192.0.2.2", "SfB")]
    with pytest.raises(QueryError, match="cannot be read"):
        zones_of_file(str(tmp_path / "missing"))


def test_zones_must_be_configured() -> None:
    said = [("a", "inside"), ("b", "Local Zone")]
    assert with_zone_names(said, make_settings()) == (("a", "Inside"), ("b", "Local Zone"))
    with pytest.raises(QueryError, match='no zone "X"'):
        with_zone_names([("a", "X")], make_settings())
