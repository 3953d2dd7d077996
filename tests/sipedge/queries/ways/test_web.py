"""The way of a request for a published web service, from the configuration alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.settings import make_settings

from sipedge.queries.query import QueryError
from sipedge.queries.ways.web import WebWay, way_of
from sipedge.settings import Certificate, Tls
from sipedge.web_settings import MeetingServer, Publish, Turn, TurnUser, Web

WEB = Web(
    "192.0.2.1",
    meeting_servers=(MeetingServer("join.example.com"),),
    publish=(
        Publish(
            "Director",
            ("meet.example.com", "lyncdiscover.example.com"),
            ("10.0.0.12",),
            verify_name="dir.inside.example.com",
            backup="Front End",
        ),
        Publish("Front End", ("feweb.example.com",), ("fe1.inside.example.com",), address="192.0.2.2"),
    ),
)


def _way(url: str, web: Web = WEB) -> WebWay:
    settings = make_settings(web=web, tls=Tls(server=(Certificate("edge.pem", "edge.key"),)))
    return way_of(settings, web, url)


def test_a_rule_is_told_with_its_servers_and_the_names_that_they_must_have() -> None:
    way = _way("https://MEET.example.com/alice/XYZ?a=b")
    assert (way.passed, way.rule, way.listener) == (True, '[[web.publish]] "Director"', "192.0.2.1:443")
    assert way.targets == (
        "10.0.0.12:4443, verified as dir.inside.example.com",
        "fe1.inside.example.com:4443 (A and AAAA), verified as fe1.inside.example.com, while all others have failed",
    )
    assert way.checks[0] == (
        "the name in the TLS handshake and Host must be the same, else 421; the certificate is one of edge.pem"
    )
    assert "NTLM" in way.checks[1] and "cookie" in way.checks[2]


def test_web_bridges_come_from_the_dns() -> None:
    way = _way("https://join.example.com/")
    assert way.rule == "[[web.meeting_server]] guest_uri join.example.com"
    assert way.targets == (
        "targets of _cms-web._tls.join.example.com, each verified by its own name; without such records "
        "A and AAAA of join.example.com, port 443, verified as join.example.com",
    )


def test_what_is_entered_on_the_meeting_server_is_told() -> None:
    turn = Turn("10.0.0.1", "example.com", outside_address="192.0.2.1", users=(TurnUser("cms", "secret"),))
    settings = make_settings(web=WEB, turn=turn, tls=Tls(server=(Certificate("edge.pem", "edge.key"),)))
    assert way_of(settings, WEB, "https://join.example.com/").meeting_server == (
        "Guest account client URI: https://join.example.com",
        "turnServers serverAddress: 10.0.0.1",
        "turnServers clientAddress: 192.0.2.1",
        "turnServers username: cms",
        "turnServers type: standard",
        "turnServers tcpPortNumberOverride: 3478",
    )
    assert _way("https://meet.example.com/").meeting_server == ()


@pytest.mark.parametrize(
    ("url", "passed", "said"),
    [
        ("http://meet.example.com/a", False, "301: to https://meet.example.com, path and query as they are"),
        ("http://lyncdiscover.example.com/", True, "10.0.0.12:8080, without TLS"),
        ("https://other.example.com/", False, '"other.example.com" is not published: no rule names it'),
        ("http://other.example.com/", False, "404"),
        ("https://meet.example.com:8443/", False, "on port 8443: [web] listens on 443 for HTTPS"),
        ("https://10.0.0.12:443/", False, '"10.0.0.12" is not published'),
        ("https://feweb.example.com./", True, "192.0.2.2:443"),
    ],
)
def test_what_a_url_comes_to(url: str, passed: bool, said: str) -> None:
    way = _way(url)
    assert way.passed is passed
    assert any(said in text for text in (way.rule, way.answer, way.listener, *way.targets)), way


def test_without_a_plain_port_nothing_listens_there() -> None:
    assert "[web] has no plain_port" in _way("http://meet.example.com/", replace(WEB, plain_port=0)).rule


@pytest.mark.parametrize(
    "url", ["meet.example.com", "ftp://meet.example.com/", "https://", "https://a:b/", "https://["]
)
def test_what_is_no_url_is_said(url: str) -> None:
    with pytest.raises(QueryError, match="is not a URL: write it like https"):
        _way(url)
