"""What an engine prints: only what begins with the token is an event."""

from __future__ import annotations

import logging

import pytest

from sipedge.servers.xmpp.events import Events, link_line

EVENT = '{"event": "refused", "direction": "incoming", "domain": "a.example", "reason": "because\\n\\"so\\""}'


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG, "sipedge.xmpp")
    return caplog


def test_an_event_is_one_line_with_the_tag_of_expressways_event_log(log: pytest.LogCaptureFixture) -> None:
    Events("outside", "token").line("token " + EVENT)
    [message] = log.messages
    assert message.startswith('Module="XMPPFederation" Event="refused" Direction="incoming" Domain="a.example"')
    assert "\n" not in message
    assert log.records[0].levelno == logging.WARNING


@pytest.mark.parametrize("line", [EVENT, "s2sin1  info\ttoken " + EVENT, "other " + EVENT])
def test_a_peers_words_are_no_event(log: pytest.LogCaptureFixture, line: str) -> None:
    Events("outside", "token").line(line)
    assert not any(message.startswith("Module=") for message in log.messages)


@pytest.mark.parametrize("line", ["token ", "token {", "token []", 'token {"event": 1}', "token " + "[" * 5000])
def test_an_event_that_cannot_be_read_is_passed_over(log: pytest.LogCaptureFixture, line: str) -> None:
    Events("outside", "token").line(line)
    assert not log.messages


def test_the_engines_own_lines_keep_their_level(log: pytest.LogCaptureFixture) -> None:
    for level in ("error", "warn", "info", "debug"):
        Events("inside", "token").line(f"general           {level}\twords")
    assert [record.levelname for record in log.records] == ["ERROR", "WARNING", "DEBUG", "DEBUG"]


def test_streams_of_the_servers_behind_are_for_who_looks_closely(log: pytest.LogCaptureFixture) -> None:
    Events("inside", "token").line('token {"event": "connected", "domain": "a.example"}')
    assert log.records[0].levelno == logging.DEBUG


@pytest.mark.parametrize(
    ("severity", "line", "level"),
    [
        (3, "192.0.2.9:4711 /CN=other.example.com: PR", "WARNING"),
        (3, "192.0.2.9:4711 [30/Nov/2026:13:23:24.456] link/1: SSL client certificate not trusted", "WARNING"),
        (3, "192.0.2.9:4711 /CN=inside.example.com: cD", "DEBUG"),
        (6, "192.0.2.9:4711 /CN=inside.example.com: --", "DEBUG"),
    ],
)
def test_only_who_is_kept_out_of_the_link_is_a_warning(
    log: pytest.LogCaptureFixture, severity: int, line: str, level: str
) -> None:
    link_line(severity, line)
    assert [record.levelname for record in log.records] == [level]
