"""A console in this process, as a browser meets it, beside an edge that runs or does not."""

from __future__ import annotations

import re
from pathlib import Path

from httpx import Response
from starlette.testclient import TestClient

from sipedge.accounts.roles import Role
from sipedge.config.console_table import read_console
from sipedge.console.app import application
from sipedge.console.frame.world import World, world_for

HOST = "127.0.0.1:8443"
PASSWORD = "correct horse battery"


def world_beside(config: Path) -> World:
    return world_for(read_console(str(config)))


def browser(world: World) -> TestClient:
    """Use it inside ``with``: then the console watches the edge, too."""
    return TestClient(application(world), base_url=f"http://{HOST}", follow_redirects=False)


def with_account(world: World, role: Role) -> str:
    """Its name."""
    world.keeping.accounts.add(str(role), role, PASSWORD)
    return str(role)


def log_in(client: TestClient, name: str, password: str = PASSWORD, wanted: str = "/") -> Response:
    return client.post("/log-in", data={"name": name, "password": password, "next": wanted})


def form_token(page: Response) -> str:
    """Of the session that a page was made for."""
    found = re.search(r'name="form_token" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def send(client: TestClient, path: str, page: str = "/", **fields: str) -> Response:
    """A form that somebody fills in on ``page``."""
    return client.post(path, data={"form_token": form_token(client.get(page)), **fields})
