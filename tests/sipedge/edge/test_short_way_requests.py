"""Requests that are nearly like those whose way is known: each goes where the core would have sent it, exactly so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from support.messages import answer_to
from support.native import require_native
from support.settings import plan_of, rule
from support.short_way import played, said, settings, shorts

from sipedge.rates import reading
from sipedge.settings import Settings
from sipedge.sip.message import Message, parse_message
from tools.fuzz.edges import NAMES as DRAWN
from tools.memory_edge import Far, MemoryEdge
from zones.zone import FromDomain

FROM = b"<sip:alice@inside.example>;tag=alice-tag"
BEHIND = "SIP/2.0/TCP 192.0.2.77;branch=z9hG4bKbehind"
EVENT = ("Event: presence",)
Teach = Callable[[int], Message]


@pytest.fixture(autouse=True)
def native(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    require_native()
    monkeypatch.setattr(reading, "SLICE", float("inf"))  # else the sizes of reads depend on the machine
    yield


def heard(settings: Settings, teach: Teach, *data: bytes) -> tuple[int, list[list[bytes]]]:
    """How many of the requests go without the core, and what each of the connections gets then."""
    found: list[tuple[int, list[list[bytes]]]] = []

    async def scenario(edge: MemoryEdge, caller: Far, callee: Far) -> None:
        for each in data:
            caller.write_in(each)
            await edge.turn()
        short = shorts(edge)
        got = [far.received() for far in (caller, *edge.loop.called)]
        callee.send(*(answer_to(each, 200) for each in got[1] if each.method not in ("ACK", "CANCEL")))
        await edge.turn()
        got.append(caller.received())
        found.append((short, [[DRAWN.sub(b"*", each.to_bytes()) for each in messages] for messages in got]))

    played(scenario, settings, teach)
    return found[0]


def short_of(data: bytes, teach: Teach = said, **changed: object) -> int:
    """1 where the request goes without the core; it must be heard as if it had not."""
    (short, one), (_, other) = (heard(settings(remembered, **changed), teach, data) for remembered in (100, 0))
    assert one == other
    return short


def edited(*changes: tuple[bytes, bytes], teach: Teach = said) -> bytes:
    data = teach(9).to_bytes()
    for old, new in changes:
        assert old in data
        data = data.replace(old, new, 1)
    return data


@pytest.mark.parametrize(
    ("value", "short"),
    [
        (FROM, 1),
        (b"<sip:al~ice!@inside.example>;tag=1", 1),
        (b'"A, B" <sip:alice@inside.example>;tag=1', 1),
        (b"A B <sips:alice@inside.example>;tag=1", 1),
        (b"<sip:alice@inside.example:5060;x=y>;tag=1", 0),
        (rb'"A \" <sip:x@outside.example> B" <sip:alice@inside.example>;tag=1', 0),
        (rb'"A \\" <sip:alice@inside.example>;tag=1', 0),
        (b'A "<sip:x@outside.example>" <sip:alice@inside.example>;tag=1', 0),
        (b"<sip:alice@inside.example> ;tag=1", 0),
        (b"<sip:alice@inside.example>x;tag=1", 0),
        (b"<sip:alice@inside.example>;tag=1;x=<sip:y@outside.example>", 0),
        (b'<sip:alice@inside.example>;tag=1;x="y"', 0),
        (b"<sip:alice@b@inside.example>;tag=1", 0),
        (b"<sip:al<ice@inside.example>;tag=1", 0),
        (b'<sip:al"ice@inside.example>;tag=1', 0),
        (b"<sip:al ice@inside.example>;tag=1", 0),
        (b"<tel:1@inside.example>;tag=1", 0),
        (b"<sip:@inside.example>;tag=1", 0),
        (b"<sip:inside.example>;tag=1", 0),
        (b"sip:alice@inside.example;tag=1", 0),
        (b"<sip:alice@outside.example>;tag=1", 0),
        (b"<sip:alice@inside.examplf>;tag=1", 0),
        ("<sip:älice@inside.example>;tag=1".encode(), 0),
        (b"<sip:alice@inside.example;tag=1", 0),
    ],
)
def test_what_stands_in_from_decides_by_its_host_only(value: bytes, short: int) -> None:
    assert short_of(edited((FROM, value))) == short


def test_who_may_not_write_another_domain_does_not_by_the_short_way() -> None:
    policy = {"from_domain": FromDomain.LIST, "from_domains": ("inside.example",)}
    assert short_of(edited(), **policy) == 1
    assert short_of(edited((b"alice@inside", b"alice@outside")), **policy) == 0


@pytest.mark.parametrize(
    ("change", "short"),
    [
        ((b"bob@outside.example SIP", b"bob@outside.example SIP"), 1),
        ((b"bob@outside.example SIP", b"bib@outside.example SIP"), 0),
        ((b"bob@outside.example SIP", b"bob@inside.example SIP"), 0),
        ((b"bob@outside.example SIP", b"bob@nowhere.example SIP"), 0),
        ((b"MESSAGE sip", b"SERVICE sip"), 0),
        ((b"9 MESSAGE", b"9 MESSAGF"), 0),
        ((b"9 MESSAGE", b"9 MESSAGES"), 0),
        ((b"To: <sip:bob", b"To: <sip:bib"), 1),
        ((b"Call-ID: call-9", b"Call-ID: CALL-9@x"), 1),
        ((b"SIP/2.0/TCP 192.0.2.10:5060", b"SIP/2.0/TCP 192.0.2.10"), 1),
        ((b"SIP/2.0/TCP 192.0.2.10:5060", b"SIP/2.0/TCP 192.0.2.11:5060"), 1),
        ((b"SIP/2.0/TCP 192.0.2.10:5060", b"SIP/2.0/TCP phone.inside.example"), 1),
        ((b"SIP/2.0/TCP 192.0.2.10:5060", b"SIP/2.0/TCP 192.0.2.100:5060"), 1),
        ((b";branch=z9hG4bK9", b";branch=z9hG4bK9;rport"), 0),
        ((b";branch=z9hG4bK9", b";received=192.0.2.9;branch=z9hG4bK9"), 0),
    ],
)
def test_each_other_request_goes_where_the_core_sends_it(change: tuple[bytes, bytes], short: int) -> None:
    assert short_of(edited(change)) == short


@pytest.mark.parametrize(
    ("value", "short"),
    [
        (b"1", 1),
        (b"69", 1),
        (b"10", 1),
        (b"254", 1),
        (b"255", 1),
        (b"007", 1),
        (b"256", 0),
        (b"257", 0),
        (b"999", 0),
        (b"0070", 0),
        (b"0", 0),
        (b"000", 0),
        (b"", 0),
        (b"7x", 0),
        (b"x", 0),
        (b"/1", 0),
        (b":1", 0),
        (b"-1", 0),
    ],
)
@pytest.mark.parametrize("hop_count", [15, 70])
def test_max_forwards_is_lowered_or_the_cores(value: bytes, short: int, hop_count: int) -> None:
    assert short_of(edited((b"Max-Forwards: 70", b"Max-Forwards: " + value)), hop_count=hop_count) == short


def test_without_max_forwards_one_is_added() -> None:
    def teach(number: int) -> Message:
        return parse_message(said(number).to_bytes().replace(b"Max-Forwards: 70\r\n", b"", 1))

    for hop_count in (15, 69, 70, 71):
        assert short_of(teach(9).to_bytes(), teach, hop_count=hop_count) == 1


def test_a_request_uri_that_a_rule_replaces_is_replaced_in_each_request() -> None:
    old = rule("old", "Outside", r"(.*)@old\.example")
    plan = plan_of(old.replace("behavior leave", 'behavior replace\n    replace "\\1@outside.example"'))

    def teach(number: int) -> Message:
        return parse_message(said(number).to_bytes().replace(b"bob@outside.example SIP", b"bob@old.example SIP", 1))

    edges = [replace(settings(remembered), plan=plan) for remembered in (100, 0)]
    (short, one), (_, other) = (heard(each, teach, teach(9).to_bytes()) for each in edges)
    assert (short, one) == (1, other)
    assert one[1][0].startswith(b"MESSAGE sip:bob@outside.example SIP/2.0\r\n")


def test_a_header_that_decides_is_read_of_each_request() -> None:
    def teach(number: int) -> Message:
        return said(number, extra=("P-Asserted-Identity: <sip:alice@inside.example>", *EVENT))

    assert short_of(edited(teach=teach), teach) == 1
    for change in (
        (b"<sip:alice@inside.example>\r\nEvent", b"<sip:boss@inside.example>\r\nEvent"),
        (b"presence", b"dialog"),
    ):
        assert short_of(edited(change, teach=teach), teach) == 0


@pytest.mark.parametrize(
    ("via", "short"),
    [
        (b"192.0.2.77;branch=z9hG4bKbehind", 1),
        (b"192.0.2.77;branch=z9hG4bKbehind.0123456789ab", 0),
        (b"192.0.2.77;branch=z9hG4bKbehind.fedcba98765f", 0),
        (b"192.0.2.77;branch=z9hG4bKbehind.x0123456789ab", 1),
        (b"192.0.2.77;branch=z9hG4bKbehind.0123456789a", 1),
        (b"192.0.2.77;branch=z9hG4bKbehind.0123456789g", 1),
        (b"192.0.2.77;branch=z9hG4bKbehind0123456789ab", 1),
    ],
)
def test_a_via_below_that_may_be_the_edges_own_is_the_cores(via: bytes, short: int) -> None:
    def teach(number: int) -> Message:
        return said(number, BEHIND)

    change = b"192.0.2.77;branch=z9hG4bKbehind", via
    assert short_of(edited(change, teach=teach), teach) == short


def test_only_the_topmost_via_is_marked_with_where_it_came_from() -> None:
    def teach(number: int) -> Message:
        return said(number, BEHIND)

    assert short_of(edited((b"TCP 192.0.2.10:5060", b"TCP phone.inside.example"), teach=teach), teach) == 1


def test_a_request_that_comes_back_is_a_loop() -> None:
    """Its branch has the edge's own hash; so it is refused, as RFC 3261 16.3 wants it, and does not go round."""
    statuses: list[int] = []

    async def scenario(edge: MemoryEdge, caller: Far, callee: Far) -> None:
        caller.send(said(9, BEHIND))
        await edge.turn()
        assert shorts(edge) == 1
        (sent,) = callee.received()
        branch = re.search(rb"branch=([^\r]+)", sent.to_bytes())
        assert branch is not None
        caller.send(said(9, f"SIP/2.0/TCP 203.0.113.1:5060;branch={branch[1].decode()}"))
        data = said(10, BEHIND).to_bytes().replace(b"call-10", b"call-9").replace(b"10 MESSAGE", b"9 MESSAGE")
        caller.write_in(data.replace(BEHIND.encode(), b"SIP/2.0/TCP 203.0.113.1:5060;branch=" + branch[1]))
        await edge.turn()
        statuses.extend(each.status for each in caller.received())
        assert callee.received() == []

    played(scenario, settings(), lambda number: said(number, BEHIND))
    assert statuses == [482]


def test_a_body_of_any_length_goes_with_its_request_and_one_that_is_cut_waits() -> None:
    for size in (0, 1, 9000):
        whole = edited((b"Content-Length: 5\r\n\r\nhello", b"Content-Length: %d\r\n\r\n" % size + b"x" * size))
        assert short_of(whole) == 1
        if size:
            (_, one), (_, other) = (heard(settings(each), said, whole[:-1], whole[-1:]) for each in (100, 0))
            assert one == other and len(one[1]) == 1
