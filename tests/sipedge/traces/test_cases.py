"""Logs in the form of other products, as people met them."""

from __future__ import annotations

import pytest
from support.paths import DATA
from support.trace_reading import ends, read_file

CASES = DATA / "cases"


@pytest.mark.parametrize(
    ("file", "count"), [("merged_3", 5), ("merged_rev", 4), ("sparse_25h", 10), ("sparse_2days", 10)]
)
def test_captures_with_packets_far_apart_are_read_whole(file: str, count: int) -> None:
    records, skipped = read_file(CASES / f"pcap-far-apart/{file}.pcap")
    assert (len(records), skipped) == (count, [])


@pytest.mark.parametrize("file", ["asterisk_console", "docker_json", "homer_txt", "ios_ccsip", "pidgin_sipe", "pjsua"])
def test_a_body_ends_where_its_length_says(file: str) -> None:
    records, skipped = read_file(CASES / f"body-takes-log-lines/{file}.log")
    assert (len(records), skipped) == (4, [])
    _, _, body = records[2].data.partition(b"\r\n\r\n")
    assert len(body) == 184 and body.endswith(b"</presence>")


@pytest.mark.parametrize(
    ("file", "count"),
    [
        ("freeswitch_indented.log", 4),
        ("journald_multiline.log", 4),
        ("indent4.txt", 1),
        ("linenum.txt", 1),
        ("linphone_logcat.log", 4),
        ("mail_quoted.txt", 2),
        ("nbsp_all.txt", 1),
    ],
)
def test_what_stands_before_each_line_is_taken_off(file: str, count: int) -> None:
    records, skipped = read_file(CASES / f"silent-empty/{file}")
    assert (len(records), skipped) == (count, [])
    assert records[0].data.startswith(b"SUBSCRIBE sip:alice@example.com SIP/2.0\r\nVia: SIP/2.0/TLS 192.0.2.10:5061;")


def test_the_sip_trace_of_a_meeting_server() -> None:
    records, skipped = read_file(CASES / "cms-sip-trace/cms_siptrace.log")
    assert (len(records), skipped) == (4, [])
    there, here = "192.0.2.10:45169", "192.0.2.20:5061"
    assert ends(records) == [f"{there} > {here}", f"{here} > {there}", f"{here} > {there}", f"{there} > {here}"]
    assert all(record.time for record in records)


def test_s4_records_have_time_direction_and_addresses() -> None:
    records, skipped = read_file(CASES / "s4-records/lync_s4.log")
    assert (len(records), skipped) == (4, [])
    here, there = "192.0.2.10:51388", "192.0.2.20:5061"
    assert ends(records) == [f"{here} > {there}", *[f"{there} > {here}"] * 2, f"{here} > {there}"]
    assert records[0].time == 1292945410.465
    assert records[2].data.endswith(b"</presence>")
