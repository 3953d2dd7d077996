"""Zones, who may speak, the picture of the rules."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from html import unescape
from pathlib import Path
from time import monotonic

import pytest
from starlette.testclient import TestClient
from support.console import browser, log_in, send, with_account, world_beside
from support.tcp_edge import PORT, Installation

from sipedge.accounts.roles import Role
from sipedge.console.frame.world import World

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    made = Installation(tmp_path_factory.mktemp("zones"))
    with made.edge:
        yield made


@pytest.fixture(scope="module")
def world(installation: Installation) -> Iterator[World]:
    made = world_beside(installation.toml)
    yield made
    made.desk.reviewer.end()


@pytest.fixture(scope="module")
def client(world: World) -> Iterator[TestClient]:
    with browser(world) as client:
        assert client.portal is not None
        client.portal.call(world.link.look)
        log_in(client, with_account(world, Role.ADMIN))
        yield client


def test_zones_have_their_peers_and_connections(client: TestClient, installation: Installation, world: World) -> None:
    assert client.portal is not None
    with installation.call() as call:
        call.send(installation.message(1))
        call.read_message()
        client.portal.call(world.link.look)
        text = client.get("/zones").text
        assert ">near<" in text and f"{installation.far}:5060" in text and "Certificates" in text
        assert f"{installation.own}:" in text and "Close connection" in text
        assert "on 1 connection with 0 requests under way" in text, "with the peer of the zone that has called"
        seen = world.link.state.status
        problems = [peer["problem"] for zone in (seen["zones"] if seen else ()) for peer in zone["peers"]]
        assert any(problems) and all(each in unescape(text) for each in problems), "and why the far one failed last"


def test_peers_are_asked_by_options_and_who_asked_is_noted(client: TestClient, world: World) -> None:
    text = send(client, "/zones/probe", "/zones", zone="far").text
    assert "OPTIONS to far" in text and ("503" in text or "408" in text)
    assert world.keeping.audit.newest(1)[0].what == "probe"
    answer = send(client, "/zones/probe", "/zones", zone="mars")
    assert answer.status_code == 404 and "there is no zone" in answer.text


def test_a_connection_that_is_not_there_cannot_be_closed(client: TestClient) -> None:
    assert send(client, "/zones/close", "/zones", connection="99999").status_code == 404
    assert send(client, "/zones/close", "/zones", connection="x").status_code == 400


def test_who_may_speak_is_proved_about_the_files(client: TestClient) -> None:
    text = client.get("/zones/speakers").text
    assert ">near</h2>" in text and "reaches" in text and "/locate?alias=" in text


def test_the_rules_in_force_are_a_picture(client: TestClient) -> None:
    text = client.get("/zones/graph").text
    assert "<svg" in text and "10 out: .*@far" in text


def test_what_the_edge_does_is_noted_and_its_plan_kept(client: TestClient, world: World) -> None:
    assert world.link.state.status is not None
    revision = world.link.state.status["revision"]
    assert client.portal is not None
    client.portal.call(world.watch.seen, world.link.state.status, "")
    assert f"revision {revision[:12]} is in force" in client.get("/logs?kind=revision").text
    assert (Path(world.config.console.folder) / "plans" / f"{revision}.json").exists()
    assert client.portal.call(world.watch.plans.of, revision) is not None
    assert client.portal.call(world.watch.plans.of, "0" * 64) is None
    assert client.portal.call(world.watch.plans.of, "../../etc/passwd") is None
    assert "no server of somebody else" in client.get("/servers").text


def test_what_waits_for_a_connection_is_counted_for_its_hop(
    client: TestClient, installation: Installation, world: World
) -> None:
    """The far side listens and takes no further connection: the edge's own stays half open."""
    assert client.portal is not None
    with socket.socket() as far, ExitStack() as callers:
        far.bind((installation.far, PORT))
        far.listen(0)
        callers.enter_context(socket.create_connection((installation.far, PORT)))
        with installation.call() as call:
            call.send(installation.message(11))
            call.send(installation.message(12))
            end = monotonic() + 5
            while "2 wait for it" not in (text := client.get("/zones").text):
                assert monotonic() < end, text
                client.portal.call(world.link.look)
            row = text[text.index('id="at-far"') :]
            assert 'data-label="Waiting">2<' in row


def test_the_doctor_examines_the_peers_of_one_zone(
    client: TestClient, installation: Installation, world: World
) -> None:
    page = client.get("/zones").text
    assert 'aria-label="Have the doctor examine far"' in page
    text = unescape(send(client, "/doctor", "/zones", zone="far").text)
    assert "dns.peer" in text and installation.far in text and "1 failed" in text
    assert installation.own not in text, "nothing about another zone"
    assert "sip.notify-return" not in text
    noted = world.keeping.audit.newest(1)[0]
    assert (noted.what, noted.about) == ("doctor", "far")
    assert "The edge is not examined in rounds" in unescape(re.sub(r"<[^>]+>", "", client.get("/doctor").text))


@pytest.mark.parametrize(
    ("fields", "status", "sentence"),
    [
        ({}, 400, "say which zone, or which domain"),
        ({"zone": "far", "domain": "a.example"}, 400, "say which zone, or which domain"),
        ({"zone": "mars"}, 404, 'there is no zone "mars" in the files'),
        ({"domain": "a b"}, 422, "the doctor cannot examine: 'a b' is no domain name"),
    ],
)
def test_what_cannot_be_examined_is_said(
    client: TestClient, fields: dict[str, str], status: int, sentence: str
) -> None:
    answer = send(client, "/doctor", "/zones", **fields)
    assert answer.status_code == status and sentence in unescape(answer.text)


def test_from_the_first_page_one_step_leads_to_a_peer_that_is_down(
    client: TestClient, installation: Installation, world: World
) -> None:
    assert client.portal is not None
    with installation.call() as call:
        call.send(installation.message(21))
        call.read_message()
    client.portal.call(world.link.look)
    client.portal.call(world.watch.seen, world.link.state.status, "")
    first = unescape(client.get("/").text)
    text = f'Peer {installation.far}:{PORT} of zone "far" does not answer: '
    found = re.search(rf'<a href="([^"#]+)#([^"]+)">{re.escape(text)}[^<]*(refused|lost|time)', first)
    assert found, "with its reason"
    page = client.get(found[1]).text
    row = page[page.index(f'id="{found[2]}"') :].partition("</tr>")[0]
    assert f"{installation.far}:{PORT}" in row and ">failed<" in row and "Examine" not in row and ">Doctor<" in row
    assert '<b class="count">2<' in page, "beside that there is no history"
