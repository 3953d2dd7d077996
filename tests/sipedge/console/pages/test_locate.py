"""Where would it go, asked in a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from support.console import browser, send, with_account, world_beside
from support.console import log_in as log_in_as
from support.recorded import configuration

from sipedge.accounts.roles import Role

REQUEST = """\
MESSAGE sip:bob@example.com SIP/2.0
Via: SIP/2.0/TLS 192.0.2.1;branch=z9hG4bKa
Max-Forwards: 70
From: <sip:ann@far.example>;tag=1
To: <sip:bob@example.com>
Call-ID: a
CSeq: 1 MESSAGE
Content-Length: 0

"""


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    world = world_beside(configuration(tmp_path))
    client = browser(world)
    log_in_as(client, with_account(world, Role.AUDITOR))
    yield client
    world.watch.close()


def _words(text: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", text))


def test_an_alias_is_located_with_the_reason_of_each_rule(client: TestClient) -> None:
    text = _words(client.get("/locate?alias=sip:bob@example.com;x=1&from=default+zone&method=MESSAGE").text)
    assert 'IM&P [TCP 192.0.2.5 port 5061] as bob@example.com  (rule "imp")' in text
    assert "20 imp: matched" in text and "from Default Zone, not authenticated; " in text


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("alias=a&from=Mars", 'there is no zone "Mars"; known: '),
        ("alias=a&traffic=loud", "is not a traffic type"),
        ("alias=sip:", "URI"),
    ],
)
def test_what_makes_no_request_is_said(client: TestClient, query: str, sentence: str) -> None:
    assert sentence in _words(client.get(f"/locate?{query}").text)


def test_a_pasted_message_is_located(client: TestClient) -> None:
    fields = {"message": REQUEST, "from": "Default Zone"}
    answer = send(client, "/locate", "/locate", **fields)
    assert 'as bob@example.com  (rule "imp")' in _words(answer.text)
    assert "is not a SIP message" in _words(send(client, "/locate", "/locate", message="hello").text)
    response = REQUEST.replace("MESSAGE sip:bob@example.com SIP/2.0", "SIP/2.0 200 OK")
    assert "only requests are searched" in _words(send(client, "/locate", "/locate", message=response).text)


def test_one_pattern_is_tried(client: TestClient) -> None:
    asked = "/pattern?kind=regex&behavior=replace&alias=bob@a.example&pattern=(.*)@a.example&replace=%5C1@b.example"
    text = _words(client.get(asked).text)
    assert "matched" in text and "bob@b.example" in text
    assert "no match" in client.get("/pattern?kind=prefix&alias=bob&pattern=x").text
    assert 'role="alert"' in client.get("/pattern?kind=regex&alias=bob&pattern=(").text
    assert 'role="alert"' in client.get("/pattern?kind=odd&alias=bob&pattern=x").text


def test_mistakes_of_the_configuration_are_shown(client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "edge.dialplan").write_text("search rule {")
    assert "edge.dialplan:1:" in client.get("/locate").text
    (tmp_path / "edge.dialplan").unlink()
    assert "cannot be read" in client.get("/locate").text
