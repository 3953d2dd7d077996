"""Logs of other products as their users publish them."""

from __future__ import annotations

import pytest
from support.third_party import require_shared
from support.trace_reading import read_file

CASES = "cases/public"


@pytest.mark.parametrize(
    ("file", "count"), [("merged_3", 5), ("merged_rev", 4), ("sparse_25h", 10), ("sparse_2days", 10)]
)
def test_captures_with_packets_far_apart_are_read_whole(file: str, count: int) -> None:
    records, skipped = read_file(require_shared(f"{CASES}/f01-pcap-far-apart/{file}.pcap"))
    assert (len(records), skipped) == (count, [])


@pytest.mark.parametrize("file", ["asterisk_console", "docker_json", "homer_txt", "ios_ccsip", "pidgin_sipe", "pjsua"])
def test_a_body_ends_where_its_length_says(file: str) -> None:
    records, skipped = read_file(require_shared(f"{CASES}/f04-body-takes-log-lines/{file}.log"))
    assert (len(records), skipped) == (4, [])
    _, _, body = records[2].data.partition(b"\r\n\r\n")
    assert len(body) == 184 and body.endswith(b"</presence>")
