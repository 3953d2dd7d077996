"""Pools from settings and service records, whatever the DNS says."""

from __future__ import annotations

from sipedge.servers.web.pools import MOST_TARGETS, NO_TARGET, Member, Services, pools_of
from sipedge.web_settings import MeetingServer, Publish, Web
from zones.dns import SrvRecord

JOIN = "join.example.com"


def _members(*records: SrvRecord) -> tuple[Member, ...]:
    web = Web("192.0.2.1", meeting_servers=(MeetingServer(JOIN),))
    [pool] = pools_of(web, {JOIN: Services(records)})
    return pool.members


def test_without_records_the_guest_uri_stands_for_its_addresses() -> None:
    [member] = _members()
    assert (member.host, member.port, member.certified, member.slots) == (JOIN, 443, JOIN, 8)


def test_each_target_is_verified_by_its_own_name() -> None:
    members = _members(SrvRecord(0, 0, 443, "CMS1.example.com."), SrvRecord(0, 0, 9443, "cms2.example.com"))
    assert [(member.name, member.host, member.port, member.certified) for member in members] == [
        ("cms1.example.com", "cms1.example.com", 443, "cms1.example.com"),
        ("cms2.example.com:9443", "cms2.example.com", 9443, "cms2.example.com"),
    ]


def test_targets_of_a_later_priority_stand_in_and_weights_are_kept_in_proportion() -> None:
    members = _members(
        SrvRecord(20, 5, 443, "c.example.com"),
        SrvRecord(10, 60000, 443, "a.example.com"),
        SrvRecord(10, 30000, 443, "b.example.com"),
        SrvRecord(10, 0, 443, "d.example.com"),
    )
    assert [(member.name[0], member.weight, member.backup) for member in members] == [
        ("a", 256, False),
        ("b", 128, False),
        ("d", 1, False),
        ("c", 1, True),
    ]


def test_targets_that_are_no_hosts_are_left_out_and_the_number_is_bounded() -> None:
    odd = [SrvRecord(0, 0, 443, target) for target in ("a b.example.com", "x'y.example.com", "10.0.0.1", ".")]
    odd.append(SrvRecord(0, 0, 0, "cms.example.com"))
    web = Web("192.0.2.1", meeting_servers=(MeetingServer(JOIN),))
    [pool] = pools_of(web, {JOIN: Services(tuple(odd))})
    assert (pool.members, pool.problem) == ((), NO_TARGET)
    many = [SrvRecord(0, 0, 443, f"cms{number}.example.com") for number in range(MOST_TARGETS + 9)]
    assert len(_members(*many)) == MOST_TARGETS


def test_a_rule_has_its_servers_and_those_of_its_backup_once_each() -> None:
    names = ("meet.example.com", "lyncdiscover.example.com")
    director = Publish("Director", names, ("10.0.0.1",), verify_name="d.example", backup="FE")
    front = Publish("FE", ("fe.example.com",), ("10.0.0.2", "10.0.0.1"), verify_name="f.example", plain_port=0)
    first, second = pools_of(Web("192.0.2.1", publish=(director, front)), {})
    assert [(member.name, member.backup, member.plain_port) for member in first.members] == [
        ("10.0.0.1", False, 8080),
        ("10.0.0.2", True, 0),
    ]
    assert (first.plain_names, second.plain_names) == (names[1:], ())
