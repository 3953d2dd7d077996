"""Requests as lines: what is written is read again, and anything else gets one sentence."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from sipedge.control.refusal import Refused
from sipedge.control.requests import (
    Close,
    Confirm,
    History,
    Load,
    Plan,
    Probe,
    Request,
    Status,
    read_request,
    write_request,
)

SOME = [
    Status(),
    History(alias='a"\n\u2028', last=3, follow=True, status="5xx"),
    Plan("abc"),
    Load("abc", "def", 300.0),
    Confirm(),
    Probe("IM&P node"),
    Close(7),
]


@pytest.mark.parametrize("request_", SOME, ids=lambda each: type(each).__name__)
def test_what_is_written_is_read_again(request_: Request) -> None:
    line = write_request(request_)
    assert line.count(b"\n") == 1 and read_request(line) == request_


def test_fields_have_types_that_lines_have() -> None:
    assert {str(field.type) for request in SOME for field in fields(request)} <= {"str", "int", "float", "bool"}


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('"status"', 'a request is one JSON object on one line, such as {"do": "status"}'),
        ("{}", '"do" must be one of status, history, log, plan, load, confirm, restart, probe, close'),
        ('{"do": ["status"]}', '"do" must be one of status, history, log, plan, load, confirm, restart, probe, close'),
        ('{"do": "confirm", "now": 1}', 'confirm has no "now"; it knows nothing more'),
        ('{"do": "load", "x": 1}', 'load has no "x"; it knows expect, revision, confirm_within, fail_more'),
        ('{"do": "load", "fail_more": 0}', '"fail_more" must be a share above 0, such as 0.2, and at most 1'),
        ('{"do": "load", "fail_more": NaN}', '"fail_more" must be a share above 0, such as 0.2, and at most 1'),
        ('{"do": "close"}', '"connection" is missing'),
        ('{"do": "close", "connection": true}', '"connection" must be a whole number'),
        ('{"do": "close", "connection": 1.5}', '"connection" must be a whole number'),
        ('{"do": "history", "follow": 1}', '"follow" must be true or false'),
        ('{"do": "probe", "zone": null}', '"zone" must be text'),
        ('{"do": "load", "confirm_within": "5m"}', '"confirm_within" must be a number'),
        ('{"do": "load", "confirm_within": -1}', '"confirm_within" must be from 0 to 86400 seconds'),
        ('{"do": "load", "confirm_within": NaN}', '"confirm_within" must be from 0 to 86400 seconds'),
        ('{"do": "load", "confirm_within": 1e999}', '"confirm_within" must be from 0 to 86400 seconds'),
        ('{"do": "history", "status": "x"}', '"status" must be a status such as 504 or a class such as 5xx'),
        ('{"do": "history", "status": "504\\n"}', '"status" must be a status such as 504 or a class such as 5xx'),
        ('{"do": "log", "level": "loud"}', '"level" must be one of debug, info, warning, error'),
        ('{"do": "history", "last": -1}', '"last" must not be negative'),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(line: str, sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        read_request(line.encode())
    assert (refused.value.code, refused.value.sentence) == (400, sentence)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(["do", "alias", "last", "follow", "expect", "confirm_within", "zone", "connection", "revision"])
WORDS = st.sampled_from(["status", "history", "plan", "load", "confirm", "probe", "close"])


@examples(300)
@given(st.binary(max_size=200) | st.dictionaries(NAMES, WORDS | JSON).map(lambda given: json.dumps(given).encode()))
def test_whatever_comes_is_a_request_or_refused(line: bytes) -> None:
    try:
        request = read_request(line)
    except Refused as refused:
        assert refused.code == 400 and refused.sentence and "\n" not in refused.sentence[:-1]
    else:
        assert read_request(write_request(request)) == request
