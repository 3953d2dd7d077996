"""An edge of two workers: towards others it is one, and a worker that dies takes only its own connections along."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from support.asked import ask, command, status
from support.echo import Echo
from support.stream import Callee, answer, connect, request
from support.tcp_edge import PORT, RULE
from support.two_workers import MOST, Pair, final

from sipedge.control.channel.client import Asking
from sipedge.control.refusal import Refused
from sipedge.control.requests import Close, History, Load

pytestmark = pytest.mark.e2e


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    made = Pair(tmp_path)
    with made.edge:
        yield made


def test_both_workers_reach_a_peer_over_one_connection(pair: Pair) -> None:
    with Callee(pair.far, PORT) as callee:
        one, two = pair.callers()
        with one, two:
            one.send(pair.message(1))
            with callee.accept() as far:
                far.send(answer(far.read_message()))
                assert final(one) == 200
                for number, caller in ((2, two), (3, one), (4, two)):
                    caller.send(pair.message(number))
                    far.send(answer(far.read_message()))
                    assert final(caller) == 200
                assert pair.workers_of("near") == [0, 1]
                assert len(pair.workers_of("far")) == 1


def test_each_worker_has_a_connection_of_its_own_to_a_busy_peer(pair: Pair) -> None:
    pair.edge.write(config=pair.config() + "\n[limits]\nown_connection_after = 4\n")
    assert "is in force" in pair.edge.reload()
    with Callee(pair.far, PORT) as callee:
        one, two = pair.callers()
        with one, two:
            one.send(pair.message(1))
            with callee.accept() as far:
                far.send(answer(far.read_message()))
                assert final(one) == 200
                (owner,) = pair.workers_of("far")
                caller = two if owner == 0 else one
                # In one read, or the last of them might find the new connection already.
                caller.send(b"".join(pair.message(number) for number in range(2, 7)))
                for _ in range(2, 7):
                    far.send(answer(far.read_message()))
                    assert final(caller) == 200
                with callee.accept() as own:
                    pair.until("far", [0, 1])
                    for number in range(7, 20):
                        caller.send(pair.message(number))
                        own.send(answer(own.read_message()))
                        assert final(caller) == 200
                pair.until("far", [owner])
                for number in range(20, 30):  # the peer wants no second one: the first serves, and for a minute no more
                    caller.send(pair.message(number))
                    far.send(answer(far.read_message()))
                    assert final(caller) == 200
                assert pair.workers_of("far") == [owner]


def test_where_a_peer_takes_no_second_connection_the_first_serves_both_workers(pair: Pair) -> None:
    pair.edge.write(config=pair.config() + "\n[limits]\nown_connection_after = 4\n")
    assert "is in force" in pair.edge.reload()
    one, two = pair.callers()
    with one, two:
        one.send(pair.message(1))
        with Callee(pair.far, PORT) as callee:
            far = callee.accept()
        with far:  # nobody listens any more
            far.send(answer(far.read_message()))
            assert final(one) == 200
            (owner,) = pair.workers_of("far")
            caller = two if owner == 0 else one
            caller.send(b"".join(pair.message(number) for number in range(2, 7)))
            pair.edge.wait_for("connection refused")
            for number in range(7, 12):
                caller.send(pair.message(number))
            for _ in range(2, 12):
                far.send(answer(far.read_message()))
                assert final(caller) == 200
            assert pair.workers_of("far") == [owner]


def test_a_cancel_on_another_connection_finds_its_invite_in_the_other_worker(pair: Pair) -> None:
    with Callee(pair.far, PORT) as callee:
        one, two = pair.callers()
        with one, two:
            invite = request("INVITE", "sip:bob@far.example", pair.own, 1, transport="TCP")
            one.send(invite)
            with callee.accept() as far:
                asked = far.read_message()
                far.send(answer(asked, "180 Ringing"))
                while not one.read_message().startswith(b"SIP/2.0 180"):
                    pass
                two.send(invite.replace(b"INVITE sip", b"CANCEL sip").replace(b"1 INVITE", b"1 CANCEL"))
                assert final(two) == 200
                cancel = far.read_message()
                assert cancel.startswith(b"CANCEL ")
                far.send(answer(cancel), answer(asked, "487 Request Terminated"))
                assert far.read_message().startswith(b"ACK ")
                assert final(one) == 487


def test_a_copy_on_another_connection_is_no_second_request(pair: Pair) -> None:
    """In whichever worker the first one came, through the core or by the short way."""
    with Callee(pair.far, PORT) as callee:
        one, two = pair.callers()
        with one, two:
            one.send(pair.message(1))
            with callee.accept() as far:
                far.send(answer(far.read_message()))
                assert final(one) == 200
                for number in range(2, 18, 2):
                    first, second = (one, two) if number % 4 else (two, one)
                    first.send(pair.message(number))
                    asked = far.read_message()
                    second.send(pair.message(number))
                    second.send(pair.message(number + 1))
                    other = far.read_message()
                    assert b"stream-%d@" % number in asked and b"stream-%d@" % (number + 1) in other
                    far.send(answer(asked), answer(other))
                    assert final(first) == 200
                    assert final(second) == 200


def test_a_worker_that_dies_loses_its_own_connections_only(pair: Pair) -> None:
    with Callee(pair.far, PORT) as callee:
        one, two = pair.callers()
        with one, two:
            one.send(pair.message(1))
            far = callee.accept()
            far.send(answer(far.read_message()))
            assert final(one) == 200
            for number in range(101, 109):  # until both send such requests on by the short way
                caller = two if number % 2 else one
                caller.send(pair.message(number))
                far.send(answer(far.read_message()))
                assert final(caller) == 200
            (owner,) = pair.workers_of("far")
            kept, lost = (two, one) if owner == 0 else (one, two)
            os.kill(pair.edge.workers()[owner], signal.SIGKILL)
            assert lost.read_end() == b"" and far.read_end() == b""
            far.close()
            pair.until("near", [1 - owner])
            kept.send(pair.message(2))
            with callee.accept() as again:
                again.send(answer(again.read_message()))
                assert final(kept) == 200
                with pair.call() as back:  # to the new worker, or to the one that lives
                    back.send(pair.message(3))
                    again.send(answer(again.read_message()))
                    assert final(back) == 200


def test_the_new_worker_in_a_seat_is_one_of_them_again(pair: Pair) -> None:
    with Callee(pair.far, PORT) as callee, pair.call() as one, ExitStack() as callers:
        one.send(pair.message(1))
        with callee.accept() as far:
            far.send(answer(far.read_message()))
            assert final(one) == 200
            loser = 1 - pair.workers_of("far")[0]
            os.kill(pair.edge.workers()[loser], signal.SIGKILL)
            pair.edge.wait_for("is started again")
            end = time.monotonic() + 15
            number = 2
            while loser not in pair.workers_of("near"):
                assert time.monotonic() < end, "the new worker gets no connection"
                caller = callers.enter_context(pair.call())
                caller.send(pair.message(number))
                far.send(answer(far.read_message()))
                assert final(caller) == 200
                number += 1
                time.sleep(0.1)  # between two looks: one source may have 64 connections


def test_a_load_is_in_force_in_both_workers_or_in_none(pair: Pair) -> None:
    with Callee(pair.far, PORT) as callee:
        one, two = pair.callers()
        with one, two:
            pair.edge.write(dialplan="")
            assert "is in force" in pair.edge.reload()
            for number, caller in ((1, one), (2, two)):
                caller.send(pair.message(number))
                assert final(caller) == 404
            pair.edge.write(dialplan="nonsense")
            assert "nothing changed" in pair.edge.reload()
            for number, caller in ((3, one), (4, two)):
                caller.send(pair.message(number))
                assert final(caller) == 404
            pair.edge.write(dialplan=RULE)
            ask(pair.folder, Load(confirm_within=0.3))
            pair.edge.wait_for("nobody confirmed", 30.0)
            for number, caller in ((5, one), (6, two)):
                caller.send(pair.message(number))
                assert final(caller) == 404
            assert "is in force" in pair.edge.reload()
            one.send(pair.message(7))
            with callee.accept() as far:
                far.send(answer(far.read_message()))
                assert final(one) == 200
                two.send(pair.message(8))
                far.send(answer(far.read_message()))
                assert final(two) == 200


def test_another_number_of_workers_takes_a_restart(pair: Pair) -> None:
    pair.edge.write(config=pair.config().replace("workers = 2", "workers = 3"))
    with pytest.raises(Refused, match="2 are at work; another number takes a restart"):
        ask(pair.folder, Load())


def test_status_history_and_close_are_of_both_workers(pair: Pair) -> None:
    one, two = pair.callers()
    with one, two:
        for number, caller in ((1, one), (2, two), (3, one)):
            caller.send(pair.message(number, domain="nowhere.example"))
            assert final(caller) == 404
        told = status(pair.folder)
        assert sorted(each["transactions"] for each in told["connections"]) == [0, 0]
        with Asking(str(pair.folder / "edge.control"), 10) as asking:
            *items, _ = asking.ask(History())
        assert [item.value["decision"]["call_id"].partition("@")[0] for item in items] == [
            "stream-1",
            "stream-2",
            "stream-3",
        ]
        of_other = next(each["connection"] for each in told["connections"] if each["connection"] % MOST == 1)
        ask(pair.folder, Close(of_other))
        assert two.read_end() == b""
        pair.until("near", [0])


def test_who_follows_the_history_sees_what_both_workers_decide(pair: Pair) -> None:
    one, two = pair.callers()
    with one, two:
        with Asking(str(pair.folder / "edge.control"), 10) as asking:
            following = asking.ask(History(follow=True))
            seen: set[str] = set()
            number = 0
            while len(seen) < 2:  # the first ones may come before it follows, and are shown for that
                for name, caller in (("one", one), ("two", two)):
                    number += 1
                    caller.send(pair.message(number, user=name, domain="nowhere.example"))
                    assert final(caller) == 404
                seen.add(next(following).value["decision"]["request_uri"])


def test_a_connection_over_the_limit_is_refused_whichever_worker_has_room(tmp_path: Path) -> None:
    made = Pair(tmp_path, "[limits]\nconnections_per_source = 2\n")
    with made.edge:
        one, two = made.callers()
        with one, two, made.call() as third:
            assert third.read_end() == b""
            one.close()
            made.until("near", [1])
            with connect(made.own, made.address, PORT) as fourth:
                fourth.send(made.message(1, domain="nowhere.example"))
                assert final(fourth) == 404


def test_a_trial_is_judged_by_what_fails_in_both_workers_and_the_log_is_of_both(pair: Pair) -> None:
    one, two = pair.callers()
    with Echo(pair.far, PORT), one, two:
        for number in range(60):
            caller = (one, two)[number % 2]
            caller.send(pair.message(number))
            assert final(caller) == 200
        (pair.folder / "edge.dialplan").write_text(RULE.replace("far", "gone", 1))
        first = status(pair.folder)["revision"]
        ask(pair.folder, Load(confirm_within=300))
        for number in range(100, 160):
            caller = (one, two)[number % 2]
            caller.send(pair.message(number))
            assert final(caller) == 404
        pair.edge.wait_for("60 of 60 requests since then have failed")
        while (back := status(pair.folder)["went_back"]) is None:
            time.sleep(0.1)
        assert status(pair.folder)["revision"] == first and back["why"].startswith("60 of 60")
    code, said, _ = command("log", pair.toml, "--text", "is undone")
    assert code == 0 and said.count("60 of 60") == 1
