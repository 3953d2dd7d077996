from __future__ import annotations

from sipedge.importing.zone_table import ZoneSection


def test_the_tables_of_a_zone_in_their_order() -> None:
    zone = ZoneSection({"name": "A"}, {"verify": False}, ["why"], [{"name": "r"}])
    assert [table.header for table in zone.tables()] == ["[[zone]]", "[zone.tls]", "[[zone.access_rule]]"]
    assert zone.tables()[0].comments == ["why"]
    assert ZoneSection({"type": "default"}).name == "Default Zone"
    assert len(ZoneSection({"name": "A"}).tables()) == 1
