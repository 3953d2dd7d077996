from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.tapped import OPENED, TIME, decided, lines_of, read_back, searched

from sipedge.sip.message import parse_message
from sipedge.traces import reading
from sipedge.traces.formats import edge_decisions
from sipedge.traces.records.own_decision import OwnDecision, RuleHit
from sipedge.traces.records.record import Direction, Record, Skipped

RULE = 'search rule "out" { target zone "Microsoft" }'
FOUND = searched("bob@far.example", RULE)


def test_a_decision_becomes_its_request_with_what_was_decided() -> None:
    (record,) = read_back(lines_of(decided(FOUND, 7)))
    assert record == Record(
        TIME,
        Direction.RECEIVED,
        (OPENED.peer_address, OPENED.peer_port),
        (OPENED.local_address, OPENED.local_port),
        "tls",
        b"MESSAGE sip:bob@far.example SIP/2.0\r\nFrom: <sip:ann@near.example>;tag=1\r\nTo: <sip:bob@far.example>\r\n"
        b"Call-ID: 1@a\r\nCSeq: 1 MESSAGE\r\n\r\n",
        False,
        "decisions",
        0,
        "IMP",
        (),
        OwnDecision(
            7,
            "0" * 64,
            "rules",
            "bob@far.example",
            "",
            "microsoft im and presence",
            "method MESSAGE",
            "sip",
            False,
            "",
            (RuleHit("out", "Microsoft", "bob@far.example"),),
            200,
            False,
            "OK",
            12.5,
        ),
    )
    assert isinstance(record, Record) and parse_message(record.data).cseq == (1, "MESSAGE")


def test_the_file_is_known_by_its_lines() -> None:
    assert reading.detect(lines_of(decided())) is edge_decisions
    assert reading.detect(b'rest of a line"}\n' + lines_of(decided())) is edge_decisions
    assert edge_decisions.detect(b'{"time":1,"decision":{"format":1,"sequence":1') == 0


def test_a_gap_is_told_with_its_size_and_the_first_number_is_none() -> None:
    items = read_back(lines_of(*(decided(sequence=number) for number in (5, 6, 9))))
    assert [item.reason for item in items if isinstance(item, Skipped)] == ["2 decisions before this one are missing"]
    assert sum(isinstance(item, Record) for item in items) == 3


def test_numbers_that_begin_anew_are_no_gap() -> None:
    assert all(isinstance(item, Record) for item in read_back(lines_of(decided(sequence=9), decided(sequence=1))))


def test_a_broken_line_costs_itself() -> None:
    line = lines_of(decided())
    broken, record = read_back(line[:100] + b"\n" + line)
    assert isinstance(broken, Skipped) and broken.reason == "this line is no decision of an edge"
    assert isinstance(record, Record)


def test_another_format_is_told() -> None:
    (item,) = read_back(lines_of(decided()).replace(b'{"format":1,', b'{"format":2,'))
    assert isinstance(item, Skipped) and "another version" in item.reason


@pytest.mark.parametrize(
    "change",
    [
        (b'"1@a"', b'"1@a\\r\\nRoute: <sip:x>"'),
        (b'"1@a"', b'"\\ud800"'),
        (b'"1@a"', b"7"),
        (b'"sequence":1', b'"sequence":1.5'),
        (b'"traffic":"', b'"traffic":"x'),
        (b'"decided_by":"', b'"decided_by":"x'),
        (b'"protocol":"sip"', b'"protocol":["sip"]'),
        (b'"names":[]', b'"names":[1]'),
        (b'"rules":[', b'"rules":["x",'),
        (b'"time":1', b'"time":Infinity,"t":1'),
    ],
)
def test_no_line_can_become_more_than_its_request(change: tuple[bytes, bytes]) -> None:
    line = lines_of(decided(FOUND)).replace(*change, 1)
    (item,) = read_back(line)
    assert isinstance(item, Skipped)


@examples(200)
@given(st.text(st.characters(exclude_characters="\r\n", codec="utf-8")), st.text("a\udc80\udcff"))
def test_what_stood_in_a_header_comes_back(alias: str, call_id: str) -> None:
    item = decided()
    item.entry.alias, item.entry.call_id = alias, call_id
    (record,) = read_back(lines_of(item))
    assert isinstance(record, Record) and record.decided is not None and record.decided.alias == alias
    assert parse_message(record.data).call_id == call_id.strip()


def test_an_entry_of_the_history_becomes_the_same_but_for_its_number() -> None:
    item = decided(FOUND, 7)
    (line,) = read_back(lines_of(item))
    entry = edge_decisions.record_of(item.entry.to_json(), "decisions", 0)
    assert isinstance(line, Record) and line.decided is not None and entry.decided is not None
    assert (entry.data, entry.decided) == (line.data, line.decided._replace(sequence=0))
