from __future__ import annotations

from pathlib import Path
from time import time

import pytest
from support.configuration import EDGE as CONFIGURATION
from support.configuration import write
from support.messages import request
from support.settings import EDGE, SECRET, make_settings

from dialplan.model import Query, Traffic
from sipedge.config import load_config
from sipedge.decision.record_route import HOUR, TokenKey, ZonePair
from sipedge.queries.query import (
    NO_CERTIFICATE,
    DescribedRequest,
    NotSearched,
    QueryError,
    query_of,
    read_request,
    traffic_of,
    zone_named,
)
from sipedge.settings import Settings
from sipedge.sip.message import parse_message

MESSAGE = (
    b"MESSAGE sip:bob@example.com:5061 SIP/2.0\r\nVia: SIP/2.0/TLS 192.0.2.9;branch=z9hG4bK1\r\n"
    b"From: <sip:a@b>;tag=1\r\n"
    b"To: <sip:bob@example.com>\r\nCall-ID: 1\r\nCSeq: 1 MESSAGE\r\nContent-Length: 0\r\n\r\n"
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_config(write(tmp_path, CONFIGURATION), create_secret=False)


def test_what_is_said_outright_wins_over_the_message(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "m.sip").write_bytes(MESSAGE)
    message = read_request(str(tmp_path / "m.sip"))
    asked = DescribedRequest(source="Default Zone", message=message, authenticated=True)
    assert query_of(asked, settings) == (
        Query("bob@example.com", "Default Zone", Traffic.MICROSOFT_IMP, authenticated=True),
        f"method MESSAGE; {NO_CERTIFICATE}",
    )
    asked = DescribedRequest(source="Z", alias="x", message=message, traffic=Traffic.STANDARD)
    assert query_of(asked, settings) == (Query("x", "Z", Traffic.STANDARD), "as said")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (b"CSeq: 1 MESSAGE", b"CSeq: 1 INVITE", "the edge refuses this request: 400 CSeq names the method INVITE"),
        (b"Call-ID", b"Proxy-Require: foo\r\nCall-ID", "the edge refuses this request: 420 "),
        (b"MESSAGE", b"CANCEL", "a CANCEL goes where its INVITE went: nothing is searched"),
    ],
)
def test_what_the_edge_does_not_search_for(settings: Settings, old: bytes, new: bytes, sentence: str) -> None:
    message = parse_message(MESSAGE.replace(old, new))
    with pytest.raises(NotSearched, match=sentence):
        query_of(DescribedRequest(source="Default Zone", message=message), settings)
    query_of(DescribedRequest(source="Default Zone", alias="x@y", message=message), settings)


def test_the_edge_answers_options_and_follows_its_own_routes() -> None:
    pair = ZonePair("Inside", "Outside", issued=int(time()) // HOUR)
    token = TokenKey(SECRET, ("Inside", "Outside")).mint(pair, "call-1", "alice-tag")
    signed = request(routes=(f"<sip:{token}@{EDGE}:5061;lr>",), to="<sip:bob@outside.example>;tag=1")
    for message, sentence in (
        (request("OPTIONS", f"sip:{EDGE}:5061"), "the edge answers this OPTIONS itself: nothing is searched"),
        (signed, 'a signed Route leads to zone "Outside": nothing is searched'),
    ):
        with pytest.raises(NotSearched, match=sentence):
            query_of(DescribedRequest(source="Inside", message=message), make_settings())


def test_a_signed_route_that_is_too_old_is_searched_which_is_said() -> None:
    pair = ZonePair("Inside", "Outside", issued=int(time()) // HOUR - 24 * 31)
    token = TokenKey(SECRET, ("Inside", "Outside")).mint(pair, "call-1", "alice-tag")
    message = request(routes=(f"<sip:{token}@{EDGE}:5061;lr>",), to="<sip:bob@outside.example>;tag=1")
    query, evidence = query_of(DescribedRequest(source="Inside", message=message), make_settings())
    assert query.alias == "bob@outside.example"
    assert evidence == "method MESSAGE; its signed Route is too old (route_age)"


def test_an_alias_may_be_a_uri(settings: Settings) -> None:
    query, evidence = query_of(DescribedRequest(source="Z", alias="SIPS:a@b:5061;lr", method="notify"), settings)
    assert (query.alias, query.traffic, evidence) == ("a@b", Traffic.MICROSOFT_IMP, "NOTIFY with Event presence")
    with pytest.raises(QueryError, match="has no host"):
        query_of(DescribedRequest(source="Z", alias="sip:a@"), settings)


def test_zones_and_traffic(settings: Settings) -> None:
    assert zone_named("default zone", settings) == "Default Zone"
    assert zone_named("Local Zone", settings) == "Local Zone"
    with pytest.raises(QueryError, match='there is no zone "X"; known: Default Zone, Local Zone'):
        zone_named("X", settings)
    assert traffic_of("Microsoft-IM_and presence") is Traffic.MICROSOFT_IMP
    with pytest.raises(QueryError, match="known: standard, microsoft av, "):
        traffic_of("any")


def test_files_that_are_no_request(tmp_path: Path) -> None:
    response = MESSAGE.replace(MESSAGE.partition(b"\r\n")[0], b"SIP/2.0 200 OK")
    for data, problem in ((b"x", "is not a SIP message"), (response, "is a response")):
        (tmp_path / "m.sip").write_bytes(data)
        with pytest.raises(QueryError, match=problem):
            read_request(str(tmp_path / "m.sip"))
    with pytest.raises(QueryError, match="cannot be read"):
        read_request(str(tmp_path / "none"))
