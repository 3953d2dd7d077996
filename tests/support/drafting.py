"""A console with accounts beside a configuration that no edge runs: for pages about drafts."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from starlette.testclient import TestClient
from support.configuration import EDGE, write
from support.console import PASSWORD, browser, log_in, send, with_account, world_beside
from support.running_edge import rule

from sipedge.accounts.roles import Role

ZONES = "".join(
    f'[[zone]]\nname = "{name}"\ntype = "neighbor"\npeers = ["127.0.0.{number}"]\ntransport = "TCP"\n'
    for number, name in enumerate(("near", "far", "other"), 2)
)
WORD = "the word of a credential"
SECRET = "0123456789abcdef" * 4
CREDENTIAL = '[[credential]]\nusername = "somebody"\npassword_file = "word"\n'
CONFIG = EDGE + 'dialplans = ["edge.dialplan"]\n' + ZONES + CREDENTIAL
RULE = rule("out", r".*@far\.example", "far")
MORE = rule("more", r"x.*@far\.example", "other", priority=5)


class Drafting:
    def __init__(self, folder: Path) -> None:
        self.folder, self.toml = folder, write(folder, CONFIG)
        self.plan = write(folder, RULE, "edge.dialplan")
        write(folder, WORD, "word")
        write(folder, SECRET, "edge.secret")
        self.world = world_beside(self.toml)
        self.clients: dict[Role, TestClient] = {}

    def of(self, role: Role) -> TestClient:
        """A browser in which somebody of this role has logged in."""
        if role not in self.clients:
            client = browser(self.world)
            assert log_in(client, with_account(self.world, role)).status_code == 303
            self.clients[role] = client
        return self.clients[role]

    def begun(self, title: str = "") -> str:
        """The path of a draft."""
        return str(send(self.of(Role.OPERATOR), "/drafts", "/rules", title=title).headers["location"])

    def secrets(self) -> list[str]:
        """What no page may show."""
        kept = sqlite3.connect(self.world.config.console.folder + "/console.db")
        hashes = [row[0] for row in kept.execute("select hash from session union select password from account")]
        kept.close()
        return [PASSWORD, WORD, SECRET, *hashes]

    def close(self) -> None:
        self.world.desk.end()
