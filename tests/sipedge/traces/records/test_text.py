from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.captures import Bytes, sip
from support.examples import examples

from sipedge.traces.formats.plain import loose
from sipedge.traces.records import text as text_module
from sipedge.traces.records.record import Direction, Item, Record, Skipped
from sipedge.traces.records.text import Block, as_text, encoding_of, ending, opening, read_records

FIND = opening(re.compile(rb"^BEGIN", re.MULTILINE))
NEXT = re.compile(rb"(?P<end>END\n)|\n(?=BEGIN)")


def as_record(block: Block) -> Iterator[Item]:
    yield Record(None, Direction.RECEIVED, None, None, "", block.text, True, block.file, block.position)


def as_gap(block: Block) -> Iterator[Item]:
    yield Record(None, Direction.UNKNOWN, None, None, "", block.text, True, block.file, block.position)


def read(data: bytes) -> list[tuple[str, bytes, int]]:
    items = read_records(Bytes(data), "file", FIND, NEXT, as_record, as_gap)
    return [(str(item.direction), item.data, item.position) for item in items if isinstance(item, Record)]


def test_records_and_what_lies_between() -> None:
    assert read(b"some lines before\nBEGIN 1\nEND\nothers between them\nBEGIN 2\nBEGIN 3") == [
        ("", b"some lines before\n", 0),
        ("received", b"BEGIN 1\nEND\n", 18),
        ("", b"others between them\n", 30),
        ("received", b"BEGIN 2", 50),
        ("received", b"BEGIN 3", 58),
    ]


def test_gaps_too_short_for_a_message_are_not_looked_at() -> None:
    assert read(b"\r\n\r\nBEGIN\nEND\n") == [("received", b"BEGIN\nEND\n", 4)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
def test_windows_of_any_size_give_the_same(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    data = b"".join(b"a line of noise %d\nBEGIN %d\nmore\nEND\n" % (number, number) for number in range(30))
    wanted = [(data, place) for what, data, place in read(data) if what]
    monkeypatch.setattr(text_module, "READ", size)
    monkeypatch.setattr(text_module, "_KEPT", 40)
    assert [(data, place) for what, data, place in read(data) if what] == wanted
    assert b"".join(data for _, data, _ in read(data)) == data


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("between", [b"", b"some line\n", b"BEGIN\nEND\n"])
@pytest.mark.parametrize("size", [50, 333, 1000])
def test_messages_without_a_frame_are_whole_in_windows_of_any_size(
    monkeypatch: pytest.MonkeyPatch, size: int, between: bytes, line_end: bytes
) -> None:
    wanted = [sip(number, b"hello number %06d" % number) for number in range(20)]
    data = b"".join(between + message.replace(b"\r\n", line_end) + line_end for message in wanted)
    monkeypatch.setattr(text_module, "READ", size)
    monkeypatch.setattr(text_module, "_KEPT", 100)
    items = list(read_records(Bytes(data), "file", FIND, NEXT, lambda _: iter(()), loose))
    found = [(item.data, item.position) for item in items if isinstance(item, Record)]
    assert len(found) == len(wanted)
    assert all(text.startswith(message) for (text, _), message in zip(found, wanted, strict=True))
    assert all(data.startswith(b"MESSAGE sip:", place) for _, place in found)


def test_what_follows_a_start_line_is_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_module, "READ", 1000)
    monkeypatch.setattr(text_module, "_KEPT", 40)
    monkeypatch.setattr(text_module, "LARGEST_RECORD", 5000)
    sizes = []

    def gap(block: Block) -> Iterator[Item]:
        sizes.append(len(block.text))
        return iter(())

    data = sip(1) + b"some line\n" * 5000
    assert list(read_records(Bytes(data), "file", FIND, NEXT, as_record, gap)) == []
    assert sum(sizes) == len(data) and max(sizes) < 7000


def test_a_record_without_end_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_module, "READ", 1000)
    monkeypatch.setattr(text_module, "LARGEST_RECORD", 5000)
    items = list(read_records(Bytes(b"BEGIN" + b"x" * 20_000), "file", FIND, NEXT, as_record, as_gap))
    skipped = [item for item in items if isinstance(item, Skipped)]
    assert [item.position for item in skipped] == [0]


def test_utf16_becomes_utf8_and_positions_stay_those_of_the_file() -> None:
    text = "größer 😀\nBEGIN ä\nEND\nBEGIN 2\nEND\n"
    for encoding, mark in (("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff")):
        data = mark + text.encode(encoding)
        found = [(data, place) for what, data, place in read(data) if what]
        places = [2 + len(text[: text.index(start)].encode(encoding)) for start in ("BEGIN ä", "BEGIN 2")]
        assert found == [("BEGIN ä\nEND\n".encode(), places[0]), (b"BEGIN 2\nEND\n", places[1])]


@pytest.mark.slow
@examples(50)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=20), st.sampled_from([7, 64, 1000]))
@example(["", "0" * 9 + "\x80" * 15 + "\u0800\x80\x80\u0800\u0800" + "\U00010000" * 6], 7)
def test_positions_in_utf16_are_those_of_the_file(texts: list[str], size: int) -> None:
    data = "".join(f"{text}\nBEGIN {text}\nEND\n" for text in texts).encode("utf-16-be")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(text_module, "READ", size)
        patched.setattr(text_module, "_KEPT", 40)
        found = read(b"\xfe\xff" + data)
    for _, text, place in found:
        assert (b"\xfe\xff" + data).startswith(text.decode().encode("utf-16-be"), place)


@pytest.mark.slow
def test_many_records_in_utf16_take_no_longer_than_their_length() -> None:
    data = "\ufeff" + "BEGIN\nEND\n" * 50_000
    start = time.process_time()
    assert len(read(data.encode("utf-16-le"))) == 50_000
    assert time.process_time() - start < 1.5


def test_encodings_without_a_mark() -> None:
    assert encoding_of("ASCII text".encode("utf-16-le")) == "utf-16-le"
    assert encoding_of("ASCII text".encode("utf-16-be")) == "utf-16-be"
    assert encoding_of(b"ASCII text" + bytes(3)) == ""
    assert as_text(b"\xef\xbb\xbfabc") == b"abc"
    assert as_text("\ufeffäbc".encode("utf-16-le")) == "äbc".encode()


def test_an_end_may_be_inclusive() -> None:
    find_end = ending(NEXT)
    assert [find_end(b"a END\nb", 0), find_end(b"a\nBEGIN", 0), find_end(b"a", 0)] == [6, 1, -1]


def test_a_piece_that_begins_within_a_line_begins_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_module, "READ", 50)
    monkeypatch.setattr(text_module, "_KEPT", 40)
    for shift in range(120):
        data = b"-" * (200 + shift) + sip(1) + sip(2)
        items = list(read_records(Bytes(data), "file", FIND, NEXT, lambda _: iter(()), loose))
        assert [item.data for item in items if isinstance(item, Record)] == [sip(2)]
