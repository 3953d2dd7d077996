"""What an edge of two workers bounds, it bounds as one: not a part for each of them, and not as much for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.asked import ask, status
from support.echo import Echo
from support.processes import fresh_address
from support.running_edge import neighbor, rule
from support.stream import Callee, Stream, answer, request
from support.tcp_edge import PORT, RULE
from support.two_workers import Pair, final

from sipedge.control.requests import Close

pytestmark = pytest.mark.e2e

NEAR = 'name = "near"\n'
"""A key of this zone may follow."""


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    made = Pair(tmp_path)
    with made.edge:
        yield made


def limit(pair: Pair, config: str) -> None:
    pair.edge.write(config=config)
    assert "is in force" in pair.edge.reload()


def asked(pair: Pair, caller: Stream, number: int, method: str = "MESSAGE") -> int:
    """The answer to a request for somebody whom no rule takes."""
    uri = f"sip:user{number}@nowhere.example"
    caller.send(request(method, uri, pair.own, number, transport="TCP"))
    return final(caller)


def connection_of(pair: Pair, zone: str) -> int:
    (number,) = (each["connection"] for each in status(pair.folder)["connections"] if each["zone"] == zone)
    return int(number)


def test_the_rate_of_a_zone_is_one(pair: Pair) -> None:
    """One request in ten seconds, whichever worker has the connection."""
    limit(pair, pair.config().replace(NEAR, NEAR + "rate = {messages_per_second = 0.1, burst = 1}\n"))
    one, two = pair.callers()
    with one, two:
        assert [asked(pair, one, 1), asked(pair, two, 2), asked(pair, one, 3)] == [404, 503, 503]


def test_the_addresses_that_a_peer_subscribes_to_are_counted_together(pair: Pair) -> None:
    limit(pair, pair.config().replace(NEAR, NEAR + "rate = {subscribe_targets = 3}\n"))
    one, two = pair.callers()
    with one, two:
        seen = []
        for number in range(6):
            seen.append(asked(pair, (one, two)[number % 2], number, "SUBSCRIBE"))
            status(pair.folder)  # which all workers answer: what one told the others before has come
        assert seen == [404, 404, 404, 503, 503, 503]
        assert asked(pair, two, 0, "SUBSCRIBE") == 404, "it is one of the three"


def test_one_worker_may_have_all_transactions_that_the_other_one_has_not(pair: Pair) -> None:
    limit(pair, pair.config() + "\n[limits]\ntransactions = 3\n")
    with Callee(pair.far, PORT) as callee:
        one, two = pair.callers()
        with one, two:
            for number in range(3):
                one.send(pair.message(number))
            with callee.accept() as far:
                waiting = [far.read_message() for _ in range(3)]
                one.send(pair.message(3))
                assert final(one) == 503
                two.send(pair.message(4))
                assert final(two) == 503
                far.send(*(answer(each) for each in waiting))
                assert [final(one) for _ in waiting] == [200] * 3
                for number, caller in ((5, one), (6, two)):
                    caller.send(pair.message(number))
                    far.send(answer(far.read_message()))
                    assert final(caller) == 200


def test_connections_that_both_workers_open_are_counted_together(pair: Pair) -> None:
    """A hop's connection is opened by the worker whose turn it is: of three, by both."""
    others = {name: fresh_address() for name in ("second", "third")}
    zones = [neighbor(name, [address], "TCP") for name, address in others.items()]
    rules = [rule(name, rf".*@{name}\.example", name) for name in others]
    pair.edge.write(dialplan=RULE + "".join(rules))
    limit(pair, pair.config(*zones) + "\n[limits]\nconnections = 2\n")
    one, two = pair.callers()
    with one, two, Echo(pair.far, PORT), Echo(others["second"], PORT), Echo(others["third"], PORT):
        for number, caller, domain in ((1, one, "far"), (2, two, "second"), (3, one, "far"), (4, two, "far")):
            caller.send(pair.message(number, domain=f"{domain}.example"))
            assert final(caller) == 200
        for number, caller in ((5, one), (6, two)):
            caller.send(pair.message(number, domain="third.example"))
            assert final(caller) == 500
        pair.edge.wait_for("too many connections are open")
        ask(pair.folder, Close(connection_of(pair, "second")))
        pair.until("second", [])
        one.send(pair.message(7, domain="third.example"))
        assert final(one) == 200
