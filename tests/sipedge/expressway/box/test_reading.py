from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.expressway_box import ANSWERS, stand_in

from sipedge.expressway.box.client import BoxError
from sipedge.expressway.box.cluster import by_name, peers_among
from sipedge.expressway.box.reading import primary_of, read_box


@pytest.mark.parametrize(
    ("peers", "primary"),
    [
        ([], ""),
        ([{"PeerAddress": "a"}, {"PeerAddress": "b"}], ""),
        ([{"PeerAddress": "a"}, {"PeerAddress": "b", "Primary": "Yes"}], "b"),
        ([{"PeerAddress": "a", "ConfigurationMaster": 2}, {"PeerAddress": "b"}], "b"),
        ([{"PeerAddress": "a", "ConfigurationPrimary": 9}], ""),
        ([{"PeerAddress": "a", "Primary": "No"}], ""),
    ],
)
def test_the_primary_that_the_box_tells(peers: list[dict[str, Any]], primary: str) -> None:
    assert primary_of(peers) == primary


def test_a_name_that_is_there_twice_is_no_rule() -> None:
    assert by_name([{"Name": "a", "x": 1}, {"Name": "a", "x": 2}])["a"] == [
        {"Name": "a", "x": 1},
        {"Name": "a", "x": 2},
    ]


@pytest.mark.e2e
def test_a_reading_has_version_answers_and_vocabulary(tmp_path: Path) -> None:
    with stand_in(tmp_path) as box, box.reader() as reader:
        reading = read_box(reader)
    assert reading.version == "X15.0" and reading.notes == []
    assert reading.described["common/searchrule"]["State"] == ("Enabled", "Disabled")


@pytest.mark.e2e
def test_what_is_no_expressway_is_told(tmp_path: Path) -> None:
    without = {path: records for path, records in ANSWERS.items() if path != "common/domain"}
    with stand_in(tmp_path, 1, without) as box, box.reader() as reader:
        with pytest.raises(BoxError, match="knows no common/domain .404.: is it an Expressway"):
            read_box(reader)


@pytest.mark.e2e
def test_a_primary_that_was_not_named_is_told(tmp_path: Path) -> None:
    listed = ANSWERS | {"common/cluster/peers": [{"PeerAddress": "other.example", "Primary": True}]}
    with stand_in(tmp_path, 1, listed) as box, box.reader() as reader:
        with pytest.raises(BoxError, match="says that the primary is other.example: name that peer"):
            peers_among([reader])
