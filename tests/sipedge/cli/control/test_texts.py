"""What people are shown of a running edge; what peers put into it cannot leave its line."""

from __future__ import annotations

import click
import pytest

from sipedge.cli.control.changes.load import _seconds, command
from sipedge.cli.control.history_run import _Plans, _print, _Seals
from sipedge.cli.control.status_run import _lines
from sipedge.control.times import moment, span_text
from sipedge.control.values import DecisionJson, StatusJson

HOSTILE = "\x1b[31mred\r\nforged\u202e"

STATUS: StatusJson = {
    "version": "1",
    "system_name": "edge.example.com",
    "pid": 7,
    "since": 1000.0,
    "config": "/etc/sipedge/edge.toml",
    "revision": "0123456789abcdef",
    "in_force_since": 1000.0,
    "unconfirmed": {"left": 221.0, "back_to": "fedcba9876543210"},
    "went_back": {"revision": "00112233445566", "at": 60.0, "why": "30 of 60 requests since then have failed"},
    "refused_load": {"at": 90.0, "sentence": "edge.toml has mistakes", "problems": ["edge.toml:3:1: no\n  key"]},
    "doctor": [
        {"check": "dns.srv", "about": HOSTILE, "verdict": "failed", "seen": "", "expected": "a record"},
    ],
    "ending": True,
    "listeners": [{"name": "in", "transport": "TLS", "address": "192.0.2.1:5061", "zone": ""}],
    "zones": [
        {
            "name": "Traversal",
            "kind": "traversal client",
            "connections": 1,
            "peers": [{"peer": "e.example", "state": "waiting", "since": 940.0, "problem": HOSTILE, "waiting": 3}],
            "up": False,
            "problems": [],
        }
    ],
    "certificates": [{"file": "a.pem", "ends": 0.0, "days_left": -2.0}],
    "transactions": {"server": 1, "client": 2},
    "refused": [{"zone": "", "reason": "handshake", "count": 12}],
    "remembered": {"verdicts": 3, "asked": 8, "hits": 6, "short": 5},
    "dns": {"asked": 1, "waiting": 0, "spared": 5},
    "bans": [{"source": "192.0.2.9", "reason": "password", "left": 90.0, "times": 2}],
    "services": [
        {
            "name": "XMPP federation",
            "active": True,
            "reason": "",
            "pending": True,
            "restart": "at 03:00 UTC",
            "restarts": 1,
            "processes": [11, 0],
            "version": "0.12.3",
            "streams": [
                {
                    "domain": HOSTILE,
                    "own": "ours.example",
                    "direction": "incoming",
                    "address": "192.0.2.8",
                    "secure": True,
                }
            ],
            "allocations": 2,
            "pools": [
                {
                    "name": "Director",
                    "names": ["meet.example.com", "lyncdiscover.example.com"],
                    "problem": "",
                    "servers": [
                        {
                            "name": "dir.example.com",
                            "address": "",
                            "status": "failed",
                            "reason": "it has no address in the DNS",
                            "sessions": 0,
                            "total": 0,
                            "backup": False,
                        },
                        {
                            "name": "10.0.0.2",
                            "address": "10.0.0.2:4443",
                            "status": "active",
                            "reason": "",
                            "sessions": 2,
                            "total": 1,
                            "backup": True,
                        },
                    ],
                }
            ],
        }
    ],
    "decisions": 41,
    "dropped": {"stderr": 3, "stdout": 0},
    "connections": [
        {
            "connection": 4,
            "peer": "192.0.2.7:40000",
            "local": "192.0.2.1:5061",
            "transport": "TLS",
            "tls_version": "1.3",
            "zone": "Default Zone",
            "opened_by": "peer",
            "names": ["a.example", HOSTILE],
            "since": 995.0,
            "transactions": 1,
        }
    ],
}


def test_status_in_sections() -> None:
    lines = list(_lines(STATUS, 1000.0))
    assert lines == [
        "edge.example.com: sipedge 1, process 7, ending",
        "  up 0 s, since 1970-01-01 00:16:40Z",
        "  revision 0123456789ab of /etc/sipedge/edge.toml, in force since 1970-01-01 00:16:40Z",
        "  not confirmed: back to revision fedcba987654 in 3 min 41 s",
        "  revision 001122334455 was undone at 1970-01-01 00:01:00Z: 30 of 60 requests since then have failed",
        "  nothing was changed by a reload at 1970-01-01 00:01:30Z: edge.toml has mistakes; edge.toml:3:1: no",
        f"  doctor: dns.srv of {HOSTILE}: failed",
        "listeners",
        "  in  TLS  192.0.2.1:5061",
        "zones",
        "  Traversal: traversal client, 1 connection, down",
        f"    e.example waiting for 1 min: {HOSTILE}; 3 requests wait for it",
        "XMPP federation: Active",
        "  version 0.12.3, processes 11, none, started again 1 time",
        "  changes wait for the restart at 03:00 UTC",
        "  streams",
        "    192.0.2.8  Incoming  \\x1b[31mred\\r\\nforged\\u202e  ours.example  TLS",
        "  2 allocations",
        "  Director: meet.example.com, lyncdiscover.example.com",
        "    dir.example.com failed: it has no address in the DNS, 0 requests, 0 under way",
        "    10.0.0.2 (10.0.0.2:4443) (backup) active, 1 request, 2 under way",
        "connections",
        "  4  192.0.2.7:40000  Default Zone  TLS 1.3  opened by the peer  5 s  1 transaction  "
        "a.example \\x1b[31mred\\r\\nforged\\u202e",
        "own certificates",
        "  a.pem  expired 2 days ago  ends 1970-01-01 00:00:00Z",
        "refused",
        "  12  handshake",
        "banned",
        "  192.0.2.9  password  for 1 min 30 s more  ban 2 in a row",
        "lost lines",
        "  3  stderr",
        "decisions: the last record is number 41",
        "transactions: 1 of peers, 2 of the edge",
        "verdicts remembered: 3, 75.0% of 8 requests found theirs, 5 went on by the short way",
        "questions to the DNS: 1 asked, 0 waiting, 5 spared",
    ]


def test_a_decision_of_a_hostile_peer_stays_on_its_lines(capsys: pytest.CaptureFixture[str]) -> None:
    item: DecisionJson = {
        "decision": {
            "time": 0.0,
            "method": "MESSAGE",
            "request_uri": f"sip:{HOSTILE}",
            "zone": "Default Zone",
            "status": 403,
            "call_id": HOSTILE,
            "cseq": "1 MESSAGE",
            "route": "",
            "evidence": "",
            "hops": [],
            "reason": HOSTILE,
        },
        "query": None,
        "revision": "",
    }
    _print(item, _Plans(""), _Seals(""))
    out = capsys.readouterr().out
    assert out.count("\n") == 3 and "\x1b" not in out and "\u202e" not in out
    assert out.endswith("  no rule was asked\n")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59.6, "1 min"), (221, "3 min 41 s"), (90061, "1 d 1 h"), (-5, "0 s")]
)
def test_spans_have_two_units(seconds: float, text: str) -> None:
    assert span_text(seconds) == text


def test_moments_are_in_utc() -> None:
    assert moment(1796032762.4) == "2026-11-30 09:59:22Z"


@pytest.mark.parametrize(("written", "seconds"), [("90", 90), ("90s", 90), ("5m", 300), ("24h", 86400)])
def test_times_are_written_with_a_unit(written: str, seconds: float) -> None:
    assert _seconds(click.Context(command), command.params[0], written) == seconds


@pytest.mark.parametrize("written", ["", "5 m", "-1", "1d", "1.5h", "٣s"])
def test_other_times_are_a_mistake(written: str) -> None:
    with pytest.raises(click.BadParameter, match="is no time: write 90s, 5m or 1h"):
        _seconds(click.Context(command), command.params[0], written)
