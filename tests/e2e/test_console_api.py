"""An edge asked and changed by programs, through its console."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from time import time
from typing import Any

import httpx
import pytest
from support.asked import status
from support.console import PASSWORD, world_beside
from support.console_process import console_of
from support.running_edge import COMMAND, rule
from support.schemas import misfits
from support.tcp_edge import RULE, Installation

from sipedge.accounts.roles import Role
from sipedge.console.api.document import document
from sipedge.console.frame.world import World

pytestmark = pytest.mark.e2e
DOCUMENT = document()
CHANGED = RULE + rule("more", r".*@more\.example", "far", priority=20)


def _as_described(path: str, value: Any, method: str = "post") -> bool:
    schema = DOCUMENT["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"]
    return not list(misfits(value, schema, DOCUMENT["components"]["schemas"]))


class There(Installation):
    """An edge, and its console as a process."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        with self.toml.open("a") as file:
            file.write('[console]\nlisten = "127.0.0.1:0"\n')
        self.world: World = world_beside(self.toml)
        self.world.keeping.accounts.add("alice", Role.ADMIN, PASSWORD)
        self.tokens = {role: self.world.keeping.tokens.add(str(role), role, "alice", 1, time()) for role in Role}
        self.url = ""

    def run(self, *words: str, role: Role | None = Role.ADMIN) -> tuple[int, str]:
        """(exit status, what was said) of ``sipedge WORDS --at URL``."""
        environment = {**os.environ, "SIPEDGE_TOKEN": self.tokens[role] if role else ""}
        line = [COMMAND, *words, "--at", self.url]
        done = subprocess.run(line, capture_output=True, text=True, timeout=60, env=environment)
        return done.returncode, done.stdout + done.stderr

    def post(self, path: str, role: Role = Role.ADMIN, **body: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.tokens[role]}"}
        return httpx.post(f"{self.url}{path}", json=body, headers=headers, timeout=60, trust_env=False)

    def get(self, path: str) -> Any:
        headers = {"Authorization": f"Bearer {self.tokens[Role.AUDITOR]}"}
        return httpx.get(f"{self.url}{path}", headers=headers, timeout=60, trust_env=False).json()


@pytest.fixture
def there(tmp_path: Path) -> Iterator[There]:
    made = There(tmp_path)
    with made.edge, console_of(made.toml) as url:
        made.url = url
        yield made


def test_commands_ask_the_edge_from_elsewhere(there: There) -> None:
    with there.call() as stream:
        stream.send(there.message(1, domain="nowhere.example"))
        stream.read_message()
    code, said = there.run("status", role=Role.AUDITOR)
    assert code == 0 and f"revision {status(there.folder)['revision'][:12]}" in said
    code, said = there.run("history", "--failed", role=Role.AUDITOR)
    assert code == 0 and "bob@nowhere.example" in said and "no rule" in said
    (there.folder / "edge.dialplan").write_text(CHANGED)
    code, said = there.run("load", role=Role.OPERATOR)
    assert code == 1 and "this needs admin" in said
    code, said = there.run("load", "--confirm-within", "5m")
    assert code == 0 and "different: rules +1 -0" in said
    assert there.run("confirm")[0] == 0 and status(there.folder)["unconfirmed"] is None
    (there.folder / "edge.dialplan").write_text(CHANGED.replace('"far"', '"fra"'))
    code, said = there.run("load")
    assert code == 1 and 'did you mean "far"?' in said and "edge.dialplan:" in said
    audited = [entry for entry in there.world.keeping.audit.newest(10) if entry.what in ("load", "confirm")]
    assert len(audited) == 3 and audited[-1].who == "alice (token admin)"


def test_a_zone_is_probed_and_a_connection_closed_from_elsewhere(there: There) -> None:
    with there.call() as stream:
        stream.send(there.message(1))
        stream.read_message()
        assert "this needs operator" in there.run("probe", "far", role=Role.AUDITOR)[1]
        code, said = there.run("probe", "far", "--json", role=Role.OPERATOR)
        (probed,) = json.loads(said)["results"]
        assert (code, probed["status"]) == (1, 503), "nobody is there"
        assert "there is no zone" in there.run("probe", "none", role=Role.OPERATOR)[1]
        number = str(status(there.folder)["connections"][0]["connection"])
        assert "this needs admin" in there.run("close", number, role=Role.OPERATOR)[1]
        code, said = there.run("close", number)
        assert code == 0 and f"connection {number} with" in said
    assert there.run("close", "x")[0] == there.run("close")[0] == there.run("close", "edge.toml", "1")[0] == 2
    audited = [(entry.what, entry.who) for entry in there.world.keeping.audit.newest(10)]
    assert ("close", "alice (token admin)") in audited and ("probe", "alice (token operator)") in audited


def test_who_has_no_token_or_asks_too_much_is_told_so(there: There) -> None:
    code, said = there.run("status", role=None)
    assert code == 1 and "send a token that has not ended" in said
    code, said = there.run("status", role=Role.OPERATOR)
    assert code == 0, said


def test_a_program_reviews_applies_confirms_and_rolls_back(there: There) -> None:
    held = there.get("/api/texts")
    assert held["texts"]["edge.dialplan"] == RULE and held["digest"] == status(there.folder)["revision"]
    texts = {**held["texts"], "edge.dialplan": CHANGED}
    reviewed = there.post("/api/review", Role.OPERATOR, texts=texts).json()
    assert len(reviewed["differences"]) == 1 and not reviewed["problems"]
    assert there.post("/api/revisions/apply", Role.OPERATOR, base=held["whole"], texts=texts).status_code == 403
    refused = there.post("/api/revisions/apply", base="0" * 64, texts=texts)
    assert refused.status_code == 412 and "was changed since" in refused.json()["error"]["sentence"]
    made = there.post("/api/revisions/apply", base=held["whole"], texts=texts, comment="by a program").json()
    assert _as_described("/api/texts", held, "get") and _as_described("/api/review", reviewed)
    assert _as_described("/api/revisions/apply", made)
    assert _as_described("/api/revisions", there.get("/api/revisions"), "get")
    assert (made["number"], made["result"], made["who"]) == (2, "on trial", "alice (token admin)")
    assert there.post("/api/revisions/confirm").json()["result"] == "confirmed"
    assert there.post("/api/revisions/roll-back", number=1).json()["digest"] == held["digest"]
    assert there.post("/api/revisions/undo").json()["number"] == 2
    assert [each["result"] for each in there.get("/api/revisions")] == ["undone", "confirmed", "from disk"]
    assert status(there.folder)["revision"] == made["digest"]
    for body in ({}, {"texts": []}, {"texts": {"a": 1}}):
        assert there.post("/api/review", Role.OPERATOR, **body).status_code == 400
    answer = there.post("/api/revisions/apply", base=made["whole"], texts={"edge.toml": "[edge"})
    assert answer.status_code == 422 and "edge.toml:1:" in json.dumps(answer.json()["error"]["problems"])


def test_a_program_changes_case_files_and_loses_none_that_it_does_not_know(there: There) -> None:
    cases = {"edge.cases": 'plan "edge.toml"\n', "more.cases": "# more\n"}
    for name, text in cases.items():
        (there.folder / name).write_text(text)
    held = there.get("/api/texts")
    assert (
        held["whole"] != held["digest"] == status(there.folder)["revision"] and cases.items() <= held["texts"].items()
    )
    plan = {"edge.dialplan": CHANGED, "edge.toml": held["texts"]["edge.toml"]}
    assert [each["name"] for each in there.post("/api/review", texts=plan).json()["files"]] == ["edge.dialplan"]
    wish = {"base": held["whole"], "texts": {"edge.cases": "# other\n", **plan}, "without": ["more.cases"]}
    for wrong in ("more.cases", ["edge.toml"], ["edge.cases"], [[]], ["none.cases"]):
        assert there.post("/api/revisions/apply", **{**wish, "without": wrong}).status_code == 400
    wish["texts"]["edge.dialplan"] = RULE
    made = there.post("/api/revisions/apply", **wish).json()
    assert (made["result"], made["changes"], made["digest"]) == ("confirmed", "case files only", held["digest"])
    assert made["whole"] == there.get("/api/texts")["whole"]
    assert (there.folder / "edge.cases").read_text() == "# other\n" and not (there.folder / "more.cases").exists()
