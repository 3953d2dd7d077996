"""Numbers and branches name their worker, and connections of others are found by what they were opened for."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

from support.colleagues import colleagues
from support.tapped import OPENED

from sipedge.edge.others.elsewhere import (
    MOST,
    Elsewhere,
    boot_of,
    numbers_of,
    worker_of_branch,
    worker_of_via,
)
from zones.zone import Hop

HOP = Hop("far", "TLS", "192.0.2.1", 5061, "far.example")


def test_no_number_is_used_by_two_workers_or_by_two_processes_in_one_seat() -> None:
    numbers = [
        number for worker in range(MOST) for start in range(3) for number in islice(numbers_of(worker, start), 50)
    ]
    assert len(set(numbers)) == len(numbers)
    assert all(next(numbers_of(worker, 0)) % MOST == worker for worker in range(MOST))


def test_a_branch_tells_its_worker_and_another_one_tells_nothing() -> None:
    branch = f"z9hG4bK{boot_of(3, 'abcd')}17.hash"
    assert worker_of_branch(branch) == 3
    assert worker_of_via(f"Via: SIP/2.0/TLS edge.example.com;branch={branch}".encode()) == 3
    assert worker_of_branch("z9hG4bKabcd17.hash") is None
    assert worker_of_via(b"Via: SIP/2.0/TLS edge.example.com") is None


def test_a_connection_of_another_worker_serves_its_hop_until_it_is_unusable() -> None:
    with colleagues() as given:
        elsewhere = Elsewhere(given)
    opened = OPENED.__class__(9, "TLS", "192.0.2.1", 5061, "192.0.2.9", 40000, zone="far", hop=HOP)
    assert elsewhere.opened(opened)
    assert elsewhere.find(HOP) == 9 and not elsewhere.is_mine(9)
    assert not elsewhere.opened(opened), "it is told again where its zone has changed"
    elsewhere.unusable(9)
    assert elsewhere.find(HOP) is None and elsewhere.is_open(9) and elsewhere.changed == 1
    assert elsewhere.connections_of(1) == [9]


def test_of_two_connections_for_a_hop_the_first_is_used_until_it_is_unusable() -> None:
    with colleagues() as given:
        elsewhere = Elsewhere(given)
    for number in (9, 10):
        elsewhere.opened(replace(OPENED, connection=number, hop=HOP))
    assert elsewhere.find(HOP) == 9
    elsewhere.unusable(9)
    assert elsewhere.find(HOP) == 10 and elsewhere.changed == 1
    elsewhere.unusable(9)
    assert elsewhere.find(HOP) == 10 and elsewhere.changed == 1, "it is told once more where the connection closes"
    elsewhere.unusable(10)
    assert elsewhere.find(HOP) is None and elsewhere.changed == 2


def test_a_connection_of_its_own_is_a_change_only_where_another_worker_has_one_for_the_hop() -> None:
    with colleagues() as given:
        elsewhere = Elsewhere(given)
    elsewhere.superseded(HOP)
    assert elsewhere.changed == 0
    elsewhere.opened(replace(OPENED, connection=9, hop=HOP))
    elsewhere.superseded(HOP)
    assert elsewhere.changed == 1


def test_a_hop_that_is_a_connection_is_found_while_that_is_open() -> None:
    """Traversal zones."""
    with colleagues() as given:
        elsewhere = Elsewhere(given)
    hop = Hop("inside", connection=9)
    assert elsewhere.find(hop) is None
    elsewhere.opened(replace(OPENED, connection=9))
    assert elsewhere.find(hop) == 9


def test_an_edge_of_one_worker_has_nothing_elsewhere() -> None:
    alone = Elsewhere(None)
    assert alone.is_mine(9) and not alone.want(HOP) and alone.find(HOP) is None
    assert not alone.send(9, b"") and not alone.shut(9, "") and not alone.take_back(3, 9, "", b"")
