from __future__ import annotations

from sipedge.importing.zone_table import Zone


def test_the_tables_of_a_zone_in_their_order() -> None:
    zone = Zone({"name": "A"}, {"verify": False}, ["why"], [{"name": "r"}])
    assert [table.header for table in zone.tables()] == ["[[zone]]", "[zone.tls]", "[[zone.access_rule]]"]
    assert zone.tables()[0].comments == ["why"]
    assert Zone({"type": "default"}).name == "Default Zone"
    assert len(Zone({"name": "A"}).tables()) == 1
