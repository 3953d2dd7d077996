"""The order of SRV records, drawn by our Lua in a plain interpreter."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

import pytest
from support.third_party import require

LIBRARY = Path(__file__).parents[4] / "sipedge/servers/xmpp/lua/sipedge_weights.lib.lua"
TIMES = 2000
SCRIPT = """
local ordered = dofile(arg[1]);
math.randomseed(1);
for _ = 1, {times} do
  local names = {{}};
  for index, record in ipairs(ordered({{ {records} }}, math.random)) do names[index] = record.name; end
  print(table.concat(names, " "));
end
"""


def _orders(tmp_path: Path, *records: tuple[str, int, int]) -> Counter[tuple[str, ...]]:
    """``records``: name, priority and weight; how often each order came."""
    form = '{{ name = "{}", priority = {}, weight = {} }}'
    written = "; ".join(form.format(*record) for record in records)
    script = tmp_path / "orders.lua"
    script.write_text(SCRIPT.format(times=TIMES, records=written))
    done = subprocess.run([require("lua5.4"), script, LIBRARY], check=True, capture_output=True, text=True)
    return Counter(tuple(line.split()) for line in done.stdout.splitlines())


@pytest.mark.e2e
def test_among_equal_priorities_targets_come_first_as_often_as_their_weights_say(tmp_path: Path) -> None:
    orders = _orders(tmp_path, ("last", 20, 65535), ("light", 10, 100), ("heavy", 10, 300))
    assert {order[2] for order in orders} == {"last"}
    first = Counter[str]()
    for order, count in orders.items():
        first[order[0]] += count
    assert 0.7 * TIMES < first["heavy"] < 0.8 * TIMES


@pytest.mark.e2e
def test_a_weight_of_nought_has_a_small_chance_and_no_target_is_lost(tmp_path: Path) -> None:
    orders = _orders(tmp_path, ("rare", 0, 0), ("usual", 0, 99))
    assert set(orders) == {("usual", "rare"), ("rare", "usual")}
    assert orders["rare", "usual"] < 0.05 * TIMES
    assert set(_orders(tmp_path, ("a", 0, 0), ("b", 0, 0))) <= {("a", "b"), ("b", "a")}
