from __future__ import annotations

from sipedge.proxy.commands import Log


def test_a_line_knows_where_it_was_made_and_is_equal_to_the_same_from_elsewhere() -> None:
    one = Log("info", "text")
    two = Log("info", "text")
    assert one == two
    assert one.place[0] == two.place[0] == __file__
    assert two.place[1] == one.place[1] + 1
