"""HAProxy's rows as states of servers."""

from __future__ import annotations

import pytest

from sipedge.servers.web.pools import Services, pools_of
from sipedge.servers.web.states import NO_ADDRESS, pool_states
from sipedge.web_settings import MeetingServer, Publish, Web

WEB = Web(
    "192.0.2.1",
    meeting_servers=(MeetingServer("join.example.com"),),
    publish=(Publish("D", ("meet.example.com",), ("dir.example.com",)),),
)


def _row(backend: str, name: str, **columns: str) -> dict[str, str]:
    return {"type": "2", "pxname": backend, "svname": name, "addr": "10.0.0.1:443", "scur": "1", "stot": "7"} | columns


@pytest.mark.parametrize(
    ("columns", "status", "reason"),
    [
        ({"status": "UP", "check_status": "L7OK"}, "active", ""),
        ({"status": "UP", "check_status": "INI"}, "checking", ""),
        ({"status": "UP", "check_status": ""}, "checking", ""),
        ({"status": "UP 1/2", "check_status": "L4CON"}, "active", ""),
        ({"status": "DOWN", "check_status": "L4CON", "last_chk": "no"}, "failed", "the connection fails: no"),
        ({"status": "DOWN 1/2", "check_status": "* L4TOUT"}, "failed", "it does not answer"),
        (
            {"status": "DOWN", "check_status": "L7STS", "check_code": "500"},
            "failed",
            "its answer is an error: status 500",
        ),
        ({"status": "DOWN", "check_status": "NEW", "check_desc": "odd\n"}, "failed", "odd\\n"),
        ({"status": "MAINT (resolution)", "check_status": ""}, "failed", NO_ADDRESS),
        ({"status": "MAINT", "check_status": ""}, "failed", "it is down"),
    ],
)
def test_a_row_is_a_status_with_its_reason(columns: dict[str, str], status: str, reason: str) -> None:
    pools = pools_of(WEB, {})
    [server] = pool_states(pools, [_row("rule:meet.example.com", "dir.example.com", **columns)])[1].servers
    assert (server.status, server.reason, server.sessions, server.total) == (status, reason, 1, 7)


def test_of_the_addresses_of_a_name_those_that_are_there_are_shown() -> None:
    pools = pools_of(WEB, {"join.example.com": Services()})
    empty = {"status": "MAINT (resolution)"}
    rows = [_row("cms:join.example.com", f"join.example.com_{n}", **empty) for n in (1, 2, 3)]
    [one] = pool_states(pools, rows)[0].servers
    assert (one.name, one.address, one.reason) == ("join.example.com", "", NO_ADDRESS)
    rows[1] |= {"status": "UP", "check_status": "L7OK"}
    [one] = pool_states(pools, rows)[0].servers
    assert (one.address, one.status) == ("10.0.0.1:443", "active")


def test_rows_of_others_are_not_ours() -> None:
    rows = [{"type": "0", "pxname": "rule:meet.example.com", "svname": "FRONTEND"}, _row("other", "dir.example.com")]
    assert pool_states(pools_of(WEB, {}), rows)[1].servers == ()
