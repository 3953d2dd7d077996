"""Before every page: its host, its sender, who asks."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.testclient import TestClient
from support.console import HOST, world_beside

from sipedge.console.app import application
from sipedge.console.frame.gate import hosts_of
from sipedge.console.frame.identity import Identity, Role
from sipedge.console.frame.page import Page
from sipedge.console.frame.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    config = tmp_path / "edge.toml"
    config.write_text('[console]\nnames = ["Edge.Example.com"]\n')
    return world_beside(config)


async def _done(request: Request) -> Response:
    return PlainTextResponse("done")


def _client(world: World, role: Role = Role.AUDITOR) -> TestClient:
    pages = [Page("/do", _done, role, methods=("GET", "POST"))]
    return TestClient(application(world, pages), base_url=f"http://{HOST}")


@pytest.mark.parametrize("host", [HOST, "localhost:8443", "127.0.0.1", "edge.example.com:8443", "[::1]:8443"])
def test_the_names_of_the_console_are_answered(world: World, host: str) -> None:
    assert _client(world).get("/do", headers={"Host": host}).text == "done"


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1:8443/x",
        "evil@127.0.0.1",
        "localhost?x",
        "127.0.0.1.evil.example",
        "",
        "[::1",
        "edge.example.com.evil:8443",
    ],
)
def test_a_foreign_host_is_refused_with_the_names_that_are_right(world: World, host: str) -> None:
    answer = _client(world).get("/do", headers={"Host": host})
    assert answer.status_code == 421 and "edge.example.com" in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": f"https://{HOST}"},
    ],
)
def test_a_form_of_another_site_is_refused(world: World, headers: dict[str, str]) -> None:
    assert _client(world).post("/do", headers=headers).status_code == 403
    assert _client(world).get("/do", headers=headers).status_code == 200


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": f"http://{HOST}"}, {}])
def test_a_form_of_the_console_itself_is_taken(world: World, headers: dict[str, str]) -> None:
    assert _client(world).post("/do", headers=headers).text == "done"


def test_who_may_not_is_told_what_it_needs(world: World) -> None:
    class Reading:
        notice = ""

        async def who(self, request: Request) -> Identity | Response:
            return Identity("bob", Role.AUDITOR)

    world.door = Reading()
    answer = _client(world, Role.ADMIN).get("/do")
    assert (answer.status_code, answer.text) == (403, "bob is auditor; this needs admin\n")


def test_every_answer_forbids_what_is_not_of_this_host(world: World) -> None:
    answer = _client(world).get("/do")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src 'self';" in policy and "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff" and answer.headers["cache-control"] == "no-store"
    again = _client(world).get("/do").headers["content-security-policy"]
    assert again != policy, "a nonce is used once"


def test_loopback_has_its_usual_names_and_other_addresses_have_not() -> None:
    assert "localhost" in hosts_of("127.0.0.1", ())
    assert hosts_of("192.0.2.1", ("Edge",)) == {"192.0.2.1", "edge"}
