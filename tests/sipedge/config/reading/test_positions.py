from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from sipedge.config.reading.positions import Path, read_positions

TEXT = """\
top = 1
"odd key".inner = "x"
[tls]
server = [{certificate = "ä", key = "b"}, # comment
  {certificate = "c", key = "d"}]
[[zone]]
name = "one"
[zone.tls]
verify = true
[[zone.rule]]
n = 1
[[zone.rule]]
n = 2
[[zone]]
name = "two"
peers = ["a",
\t"b"]
[[zone.rule]]
n = 3
"""


def test_keys_and_values_are_found_by_path() -> None:
    found = read_positions(TEXT)
    assert found.of_value(("top",)) == (1, 7)
    assert found.of_key(("odd key", "inner")) == (2, 1)
    assert found.of_value(("tls", "server", 0, "key")) == (4, 37)
    assert found.of_value(("tls", "server", 1)) == (5, 3)
    assert found.of_key(("zone", 0)) == (6, 3)
    assert found.of_value(("zone", 0, "tls", "verify")) == (9, 10)
    assert found.of_value(("zone", 0, "rule", 1, "n")) == (13, 5)
    assert found.of_value(("zone", 1, "peers", 1)) == (17, 2)
    assert found.of_value(("zone", 1, "rule", 0, "n")) == (19, 5)


def test_what_is_not_written_is_at_its_table() -> None:
    found = read_positions(TEXT)
    assert found.of_value(("zone", 1, "type")) == (14, 3)
    assert found.of_key(("zone", 0, "tls", "wildcards")) == (8, 2)
    assert found.of_key(("edge", "system_name")) == (1, 1)


def test_lines_are_given_without_their_ends() -> None:
    found = read_positions("a = 1\r\nb = 2\r\n")
    assert (found.line(1), found.line(2), found.line(99)) == ("a = 1", "b = 2", "")
    assert found.of_value(("b",)) == (2, 5)


KEYS = st.sampled_from(["a", "b", "zone", '"q ü"', "'l'", "c.d"])
VALUES = st.sampled_from(
    ["1", '"x"', "[1, [2, 3]]", "{ k = 1, m.n = [true] }", '[{ x = "é" }, { x = 2 }]', '"""\nm"""']
)
LINES = st.one_of(
    st.builds("{} = {}".format, KEYS, VALUES),
    st.builds("[{}]".format, KEYS),
    st.builds("[[{}]]".format, KEYS),
    st.just("# comment"),
)


@pytest.mark.slow
@examples(150)
@given(st.lists(LINES, max_size=12))
def test_everything_that_tomllib_reads_has_a_position(lines: list[str]) -> None:
    text = "\n".join(lines)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    found = read_positions(text)
    for path in _paths(data, ()):
        assert path in found.keys or path in found.values, path


def _paths(data: Any, path: Path) -> list[Path]:
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [inner for key, value in items for inner in ((*path, key), *_paths(value, (*path, key)))]
