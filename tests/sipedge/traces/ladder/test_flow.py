from __future__ import annotations

import pytest
from support.messages import answer_to, request
from support.traces import record

from sipedge.traces.ladder.flow import Filter, Parties, Sighting, flow, label, sections, sighting
from sipedge.traces.ladder.ladder import Arrow, Heading, Note, render
from sipedge.traces.records.record import Endpoint, Record

A, B, C = Endpoint("192.0.2.10", 40_000), Endpoint("192.0.2.20", 5060), Endpoint("192.0.2.30", 5060)
CALL = request()
OTHER = request("INVITE", call_id="call-2", to="<sip:eve@x.example>", uri="sip:eve@x.example")


def seen(*records: Record) -> list[Sighting]:
    return [sighting(number, one) for number, one in enumerate(records, 1)]


def hop(message: object, source: Endpoint | None, destination: Endpoint | None, time: float | None = 0.0) -> Record:
    return record(message, source=source, destination=destination, time=time)  # type: ignore[arg-type]


def drawn(sightings: list[Sighting], **titles: str) -> list[object]:
    return list(flow(sightings, Parties(sightings), lambda one: "why" if one.index == 1 else "", titles))


def test_a_dialog_is_one_across_its_hops() -> None:
    answer = answer_to(CALL, 200)
    lines = drawn(
        seen(
            hop(CALL, A, B, 1.0),
            hop(OTHER, A, B, 1.1),
            hop(CALL, B, C, 1.2),
            hop(answer, B, A, 1.4),
            hop(answer, C, B, 1.3),
        )
    )
    first = (
        "1970-01-01T00:00:01 MESSAGE from alice@inside.example to bob@outside.example: 200 Whatever · Call-ID call-1"
    )
    second = "1970-01-01T00:00:01 INVITE from alice@inside.example to eve@x.example · Call-ID call-2"
    assert lines == [
        Heading(1.0, first),
        Arrow(1.0, A.host, B.host, "1 MESSAGE bob@outside.example"),
        Note(1.0, B.host, "why"),
        Arrow(1.2, B.host, C.host, "3 MESSAGE bob@outside.example"),
        Arrow(1.3, C.host, B.host, "5 200 Whatever (MESSAGE)"),
        Arrow(1.4, B.host, A.host, "4 200 Whatever (MESSAGE)"),
        Heading(1.1, second),
        Arrow(1.1, A.host, B.host, "2 INVITE eve@x.example"),
    ]


def test_sections_have_the_columns_they_need() -> None:
    lines = drawn(seen(hop(CALL, A, B), hop(OTHER, C, A)))
    found = list(sections(lines))  # type: ignore[arg-type]
    assert [columns for _, columns in found] == [[A.host, B.host], [C.host, A.host]]
    assert [line for section, _ in found for line in section] == lines
    assert list(sections([])) == []


def test_columns_have_titles() -> None:
    sightings = seen(hop(CALL, A, B))
    lines = list(flow(sightings, Parties(sightings), lambda one: "", {A.host: "Inside"}))
    assert lines[1] == Arrow(0.0, "Inside", B.host, "1 MESSAGE bob@outside.example")


def test_hosts_that_talk_to_themselves_are_told_by_port() -> None:
    """The port of a client is that of its Via, so its answers and its own listener are the same party."""
    here = "127.0.0.1"
    client, listener, proxy = Endpoint(here, 40_000), Endpoint(here, 5070), Endpoint(here, 5060)
    message = request(via=f"SIP/2.0/TCP {here}:5070;branch=z9hG4bK1")
    sightings = seen(
        hop(message, client, proxy), hop(answer_to(message, 200), proxy, client), hop(CALL, proxy, listener)
    )
    parties = Parties(sightings)
    assert parties.columns == ("127.0.0.1:5070", "127.0.0.1:5060")
    assert [parties.of(one) for one in sightings] == [parties.columns, parties.columns[::-1], parties.columns[::-1]]


def test_messages_without_addresses_or_sense_are_drawn_too() -> None:
    sightings = seen(hop(CALL, None, None, None), hop(b"nonsense\r\nCall-ID: call-9\r\n", A, None), hop(b"\xff", A, B))
    lines = drawn(sightings)
    assert [line.text for line in lines if isinstance(line, Heading)] == [
        "no time MESSAGE from alice@inside.example to bob@outside.example · Call-ID call-1",
        "1970-01-01T00:00:00 no whole SIP message · Call-ID call-9",
        "1970-01-01T00:00:00 no whole SIP message · Call-ID missing",
    ]
    text = "\n".join(render(lines, Parties(sightings).columns))  # type: ignore[arg-type]
    assert "◀─ 1 MESSAGE bob@outside.example" in text


def test_answers_alone_are_called_by_what_they_answer() -> None:
    (heading, _, _) = drawn(seen(hop(answer_to(CALL, 504), A, B)))
    assert isinstance(heading, Heading) and heading.text.startswith(
        "1970-01-01T00:00:00 MESSAGE from alice@inside.example"
    )
    odd = answer_to(request(cseq="nonsense"), 200)
    assert label(sighting(1, hop(odd, A, B))) == "200 Whatever (?)"
    assert label(sighting(1, hop(request(uri="nonsense"), A, B))) == "MESSAGE nonsense"


@pytest.mark.parametrize(
    ("demands", "expected"),
    [
        (Filter(), True),
        (Filter(call_id="call"), True),
        (Filter(call_id="other"), False),
        (Filter(user="BOB@outside"), True),
        (Filter(user="eve"), False),
        (Filter(method="message"), True),
        (Filter(method="INVITE"), False),
        (Filter(status="200"), False),
        (Filter(user="alice", method="MESSAGE"), True),
        (Filter(user="alice", method="INVITE"), False),
    ],
)
def test_a_filter_asks_one_or_several_things(demands: Filter, expected: bool) -> None:
    assert (demands.met(sighting(1, hop(CALL, A, B))) == demands.wanted) is expected


@pytest.mark.parametrize(("status", "expected"), [("404", True), ("4xx", True), ("4XX", True), ("5xx", False)])
def test_status_classes(status: str, expected: bool) -> None:
    demands = Filter(status=status)
    assert (demands.met(sighting(1, hop(answer_to(CALL, 404), A, B))) == demands.wanted) is expected
    assert demands.met(sighting(1, hop(b"nonsense", A, B))) == 0
