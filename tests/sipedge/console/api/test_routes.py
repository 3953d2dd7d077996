"""The API answers what its document says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from time import time
from typing import Any

import anyio
import pytest
from starlette.testclient import TestClient
from support.asked import status
from support.console import browser, with_account
from support.decisions import record
from support.paths import ROOT
from support.recorded import recorded
from support.schemas import misfits
from support.tcp_edge import Installation

from sipedge.accounts.roles import Role
from sipedge.console.api.document import document
from sipedge.console.api.routes import LEAST, ROUTES
from sipedge.console.frame.link import EdgeState
from sipedge.console.frame.world import World
from sipedge.control import requests

DOCUMENT = document()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = recorded(tmp_path, (record(number, time=time() - 10) for number in range(1, 6)))
    anyio.run(made.watch.seen, None, "nobody there")
    yield made
    made.watch.close()


@pytest.fixture
def client(world: World) -> TestClient:
    return browser(world)


def _misfits(path: str, value: Any) -> list[str]:
    schema = DOCUMENT["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    return list(misfits(value, schema, DOCUMENT["components"]["schemas"]))


def test_the_document_is_what_routes_and_types_make() -> None:
    assert json.loads((ROOT / "docs/openapi.json").read_text()) == DOCUMENT


@pytest.mark.parametrize("path", [route.path for route in ROUTES if route.path != "/api/status"])
def test_each_answer_is_as_the_document_says(client: TestClient, path: str) -> None:
    key = client.get("/api/history").json()["decisions"][0]["key"]
    for query in ("?alias=bob@example.com", "?under=disk&alias=bob@", "?under=force&alias=bob@"):
        answer = client.get(path.replace("{key}", key) + query)
        assert answer.status_code == 200 and _misfits(path, answer.json()) == []


@pytest.mark.e2e
def test_the_status_is_as_the_document_says(tmp_path: Path, world: World) -> None:
    installation = Installation(tmp_path / "edge")
    with installation.edge:
        told = status(installation.folder)
    world.link.state = EdgeState(1.0, told | {"connections": []})
    assert _misfits("/api/status", browser(world).get("/api/status").json()) == []


def test_pages_of_the_history_go_on_where_the_last_one_ended(client: TestClient) -> None:
    first = client.get("/api/history?most=3").json()
    rest = client.get(f"/api/history?most=3&before={first['before']}").json()
    assert len(first["decisions"]) == 3 and len(rest["decisions"]) == 2 and rest["before"] is None


@pytest.mark.parametrize(
    ("path", "code"),
    [("history?status=x", 400), ("counts?span=x", 400), ("history/1-1", 404), ("status", 503)],
)
def test_a_no_has_a_code_and_a_sentence(client: TestClient, path: str, code: int) -> None:
    answer = client.get(f"/api/{path}")
    error = answer.json()["error"]
    assert answer.status_code == error["code"] == code and error["sentence"]
    assert list(misfits(answer.json(), {"$ref": "/Error"}, DOCUMENT["components"]["schemas"])) == []


def test_every_request_of_the_control_socket_has_a_least_role() -> None:
    assert set(LEAST) == set(requests._KINDS.values())


@pytest.mark.parametrize("do", [{"do": "load"}, {"do": "close", "connection": 1}, {"do": "probe", "zone": "a"}])
def test_what_changes_the_edge_needs_its_role_over_the_api_too(world: World, do: dict[str, Any]) -> None:
    with_account(world, Role.AUDITOR)
    token = _token(world, Role.AUDITOR)
    answer = browser(world).post("/api/control", content=json.dumps(do), headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 403 and "this needs" in answer.json()["error"]["sentence"]


def test_a_question_that_is_none_is_refused(world: World) -> None:
    with_account(world, Role.AUDITOR)
    token = _token(world, Role.AUDITOR)
    for text in ("", "[]", '{"do": "dance"}', '{"do": "history", "follow": true}'):
        answer = browser(world).post("/api/control", content=text, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 400


def _token(world: World, role: Role) -> str:
    return world.keeping.tokens.add("test", role, str(role), 1, time())


def test_a_program_is_told_where_a_request_would_go_in_the_words_of_the_page(client: TestClient) -> None:
    told = client.get("/api/locate?alias=bob@example.com&method=MESSAGE").json()
    words = [each["text"] for each in told["words"]]
    assert all(each in unescape(client.get("/locate?alias=bob@example.com&method=MESSAGE").text) for each in words)
    for query, code, sentence in (
        ("", 400, 'say which \\"alias\\"'),
        ("alias=a&from=nowhere", 422, "there is no zone"),
        ("alias=a&traffic=x", 422, "is not a traffic type"),
    ):
        answer = client.get(f"/api/locate?{query}")
        assert answer.status_code == code and sentence in answer.text


def test_who_did_what_is_there_for_programs_too(client: TestClient, world: World) -> None:
    world.keeping.audit.add("alice", "192.0.2.1", "apply", "a comment", "ab" * 32)
    (told,) = client.get("/api/audit").json()
    assert (told["number"], told["who"], told["what"], told["revision"]) == (1, "alice", "apply", "ab" * 32)
