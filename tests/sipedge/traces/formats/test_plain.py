from __future__ import annotations

from pathlib import Path

import pytest
from support.captures import Bytes, sip
from support.paths import DATA, messages_in
from support.third_party import require_shared
from support.trace_reading import read, read_file, start_lines

from sipedge.traces.formats import plain
from sipedge.traces.records.record import Record


@pytest.fixture(params=["our own", "published"])
def files(request: pytest.FixtureRequest) -> list[Path]:
    return messages_in(DATA if request.param == "our own" else require_shared("samples"))


def test_a_file_with_one_message_is_that_message(files: list[Path]) -> None:
    for path in files:
        if path.stem != "dblreq":
            records, skipped = read_file(path)
            assert [(item.data, item.exact) for item in records] == [(path.read_bytes(), True)], path.name
            assert skipped == [], path.name


def test_a_message_behind_a_message_is_another_one(files: list[Path]) -> None:
    (path,) = (path for path in files if path.stem == "dblreq")
    records, _ = read_file(path)
    assert [line.split()[0] for line in start_lines(records)] == ["REGISTER", "INVITE"]
    assert all(path.read_bytes()[item.position :].startswith(item.data) for item in records)


@pytest.fixture(params=["our own", "published"])
def flattened(request: pytest.FixtureRequest) -> Path:
    if request.param == "our own":
        return DATA / "microsoft/flattened_504.txt"
    return require_shared("samples/misc/flattened_504_client_log_copy_paste.txt")


def test_a_flattened_copy(flattened: Path) -> None:
    records, skipped = read_file(flattened)
    assert start_lines(records) == ["SIP/2.0 504 Server time-out"] * 2
    assert [record.position for record in records] == [0, flattened.read_bytes().rindex(b"SIP/2.0 504")]
    assert (skipped, {record.exact for record in records}) == ([], {False})


def test_several_messages_in_one_file() -> None:
    records, skipped = read(plain, sip(1, b"INVITE sip:x SIP/2.0\r\n") + b"\r\n" + sip(2) + sip(3, b"abc"))
    wanted = [sip(1, b"INVITE sip:x SIP/2.0\r\n"), sip(2), sip(3, b"abc")]
    assert [(record.data, record.exact) for record in records] == [(data, True) for data in wanted]
    assert skipped == []


def test_text_with_messages_in_it_and_lost_carriage_returns() -> None:
    text = (
        b"Dear all,\n\nsee this:\n\n"
        + sip(1, b"v=0\r\n").replace(b"\r\n", b"\n")
        + b"\n"
        + sip(2).replace(b"\r\n", b"\n")
    )
    records, _ = read(plain, text)
    assert [(record.data, record.exact) for record in records] == [(sip(1, b"v=0\r\n"), False), (sip(2), False)]
    assert records[0].position == text.index(b"MESSAGE")


def test_a_file_too_large_to_be_held() -> None:
    data = b"".join(sip(number, b"x" * 1000) for number in range(2000))
    records, skipped = read(plain, data)
    assert [record.data for record in records] == [sip(number, b"x" * 1000) for number in range(2000)]
    assert records[1999].position == data.rindex(b"MESSAGE sip:")
    assert skipped == []


@pytest.mark.parametrize("size", [300, 371, 1000])
def test_messages_are_cut_at_the_same_places_wherever_a_read_ends(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    fragment = b"SIP/2.0 200 OK\r\nCall-ID: zz\r\n\r\n"
    wanted = [sip(number, fragment + b"x" * number, "NOTIFY") for number in range(60)]
    monkeypatch.setattr(plain, "LARGEST_RECORD", size)
    data = b"\r\n".join(wanted)
    items = list(plain.read(Bytes(wanted[0] + data), "file"))
    assert [item.data for item in items if isinstance(item, Record)] == [wanted[0], *wanted]


def test_a_content_length_beyond_all_bounds_costs_no_other_message() -> None:
    liar = sip(1).replace(b"Content-Length: 0", b"Content-Length: 999999999")
    wanted = [liar, *(sip(number, b"x" * 1000) for number in range(3000))]
    assert [record.data for record in read(plain, b"".join(wanted))[0]] == wanted


@pytest.mark.slow
def test_messages_that_lost_carriage_returns_behind_some_that_did_not() -> None:
    number = range(10_000)
    records, _ = read(plain, sip(1) + sip(2) + b"".join(sip(one).replace(b"\r\n", b"\n") + b"\n" for one in number))
    assert [record.data for record in records[2:]] == [sip(one) for one in number]


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_a_file_that_begins_inside_a_method(line_end: bytes) -> None:
    """What is left of BENOTIFY is NOTIFY."""
    text = (sip(1, b"", "BENOTIFY")[2:] + sip(2)).replace(b"\r\n", line_end)
    records, _ = read(plain, text)
    assert [record.data for record in records] == [sip(2)]


def test_behind_a_message_that_is_too_long_no_line_is_taken_up_in_the_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain, "LARGEST_RECORD", 500)
    for torn in range(500):
        data = b"some text that is no message " * 100 + b"x" * torn + b"-MESSAGE sip:a SIP/2.0\r\nCall-ID: 1\r\n\r\n"
        items = list(plain.read(Bytes(sip(0) + data + sip(1)), "file"))
        assert [item.data for item in items if isinstance(item, Record)] == [sip(1)]
        assert [item.position for item in items if isinstance(item, Record)] == [len(sip(0) + data)]
