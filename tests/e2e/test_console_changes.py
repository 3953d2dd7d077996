"""A change made in the console, beside a running edge."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from signal import SIGHUP
from time import sleep

import pytest
from starlette.testclient import TestClient
from support.asked import status
from support.console import browser, log_in, send, with_account, world_beside
from support.echo import Echo
from support.running_edge import rule
from support.stream import Stream, request
from support.tcp_edge import PORT, RULE, Installation

from sipedge.accounts.roles import Role
from sipedge.revisions.applying import Wish
from sipedge.revisions.store import Result

pytestmark = pytest.mark.e2e

CHANGED = RULE + rule("more", r".*@more\.example", "far", priority=20)
CASES = """plan "edge.toml"

case "more is nowhere" {
    alias "bob@more.example"
    from zone "near"
    method MESSAGE
    expect no match
}
"""


class Beside(Installation):
    """An edge, and an admin's browser in its console."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.world = world_beside(self.toml)
        self.client: TestClient = browser(self.world)

    def drafted(self, plan: str = CHANGED) -> str:
        """The path of a draft with this plan."""
        path = str(send(self.client, "/drafts", "/rules", title="a change").headers["location"])
        send(self.client, f"{path}/save", path, version="1", file="edge.dialplan", text=plan, then="save")
        return path

    def applied(self, path: str, minutes: str = "5", **fields: str) -> tuple[int, str]:
        """(status, text)."""
        review = f"{path}/review"
        fields = {"version": "2", "minutes": minutes, "more": "20", "comment": "why", **fields}
        answer = send(self.client, f"{path}/apply", review, **fields)
        return answer.status_code, answer.text

    def ask(self, stream: Stream, numbers: Iterable[int], status: bytes) -> None:
        """And be answered so."""
        for number in numbers:
            stream.send(self.message(number))
            assert stream.read_message().split(b" ")[1] == status

    def audited(self) -> list[str]:
        return [entry.what for entry in reversed(self.world.keeping.audit.newest(100))]


@pytest.fixture
def beside(tmp_path: Path) -> Iterator[Beside]:
    made = Beside(tmp_path)
    with made.edge:
        log_in(made.client, with_account(made.world, Role.ADMIN))
        yield made
        made.world.desk.end()


def test_a_reviewed_draft_is_applied_confirmed_and_rolled_back(beside: Beside) -> None:
    first = status(beside.folder)["revision"]
    path = beside.drafted()
    assert beside.applied(path) == (303, "")
    assert status(beside.folder)["revision"] != first
    page = beside.client.get("/revisions").text
    assert "is on trial: back to" in page and 'action="/revisions/confirm"' in page and ">why<" in page
    assert beside.client.get(path).status_code == 404, "the revision has its texts"
    assert send(beside.client, "/revisions/confirm", "/revisions").status_code == 303
    assert "is on trial: back to" not in beside.client.get("/revisions").text
    assert status(beside.folder)["unconfirmed"] is None
    compared = beside.client.get("/revisions/compare?new=2").text
    assert "Against revision 1" in compared and "more" in compared
    back = str(send(beside.client, "/drafts", "/revisions/compare?new=1", revision="1").headers["location"])
    assert back.endswith("/review")
    assert beside.applied(back.removesuffix("/review"), version="1")[0] == 303
    assert status(beside.folder)["revision"] == first
    assert send(beside.client, "/revisions/undo", "/revisions").status_code == 303
    assert status(beside.folder)["revision"] != first
    wanted = ["log-in", "draft begun", "draft changed", "apply", "applied", "confirm", "confirmed"]
    assert beside.audited() == [*wanted, "draft begun", "apply", "applied", "undo", "undone"]
    assert beside.world.keeping.audit.broken_at() == 0


def test_a_change_by_hand_meets_a_draft_without_a_loss(beside: Beside) -> None:
    path = beside.drafted()
    plan = beside.folder / "edge.dialplan"
    plan.write_text("# by hand\n" + RULE)
    code, text = beside.applied(path)
    assert code == 412 and "was changed since this draft was begun" in text
    assert plan.read_text() == "# by hand\n" + RULE
    assert send(beside.client, f"{path}/rebase", path).status_code == 303
    code, text = beside.applied(path, version="3")
    assert code == 412 and "load that first" in text, "the edge has not got it yet"
    beside.edge.reload()
    assert beside.applied(path, version="3")[0] == 303
    assert plan.read_text() == "# by hand\n" + CHANGED
    results = [each.result for each in beside.world.desk.revisions.store.all()]
    assert results == [Result.ON_TRIAL, Result.FROM_DISK]
    assert beside.audited().count("apply refused") == 2


def test_what_was_not_reviewed_or_does_not_hold_is_not_applied(beside: Beside) -> None:
    first = status(beside.folder)["revision"]
    path = beside.drafted()
    assert beside.applied(path, version="1")[0] == 409
    assert beside.applied(path, minutes="0")[0] == 400
    (beside.folder / "edge.cases").write_text(CASES)
    path = beside.drafted()
    code, text = beside.applied(path)
    assert code == 409 and "cases do not hold" in text
    wrong = beside.drafted(CHANGED.replace('"far"', '"fra"'))
    assert beside.applied(wrong)[0] == 422
    assert status(beside.folder)["revision"] == first
    assert beside.applied(path, anyway="1")[0] == 303


def test_nobody_confirms_and_the_edge_goes_back_with_the_console_dead(beside: Beside) -> None:
    first = status(beside.folder)["revision"]
    desk = beside.world.desk
    path = beside.drafted()
    draft = desk.drafts.get(int(path.rpartition("/")[2]))
    desk.revisions.apply(Wish(draft.base_set.whole, draft.texts, "admin", "", 0.5))
    beside.edge.wait_for("nobody confirmed revision")
    assert status(beside.folder)["revision"] == first
    assert (beside.folder / "edge.dialplan").read_text() == CHANGED, "nobody has looked yet"
    with beside.client:
        _look(beside)
        assert (beside.folder / "edge.dialplan").read_text() == RULE
    assert "undone" in beside.client.get("/revisions").text


def test_a_trial_by_which_requests_fail_is_undone_at_once_and_everybody_is_told(beside: Beside) -> None:
    first = status(beside.folder)["revision"]
    with Echo(beside.far, PORT), beside.call() as stream, beside.client:
        beside.ask(stream, range(60), b"200")
        path = beside.drafted(RULE.replace('"far"', '"near"').replace("far", "gone"))
        assert beside.applied(path, more="101")[0] == 400
        assert beside.applied(path)[0] == 303
        second = status(beside.folder)["revision"]
        beside.ask(stream, range(100, 160), b"404")
        beside.edge.wait_for("60 of 60 requests since then have failed: 100%, before the load 0%")
        while not (beside.audited()[-1] == "undone" and "is undone" in beside.client.get("/alarms").text):
            sleep(0.1)
        assert status(beside.folder)["revision"] == first and (beside.folder / "edge.dialplan").read_text() == RULE
        why = "60 of 60 requests since then have failed"
        assert f"by the edge: {why}" in beside.client.get("/revisions").text
        assert f"Revision {second[:12]} was on trial and is undone: {why}" in beside.client.get("/alarms").text
        assert beside.world.keeping.audit.newest(1)[0].who == "(edge)"
        beside.edge.reload()
        while ">lasts<" in beside.client.get("/alarms").text.split("is undone")[1].split("</tr>")[0]:
            sleep(0.1)


def test_a_reload_that_fails_is_an_alarm_with_its_line_and_stands_in_the_edges_log(beside: Beside) -> None:
    (beside.folder / "edge.dialplan").write_text(RULE.replace('"far"', '"fra"'))
    os.kill(beside.edge.pid, SIGHUP)
    beside.edge.wait_for("nothing changed")
    with beside.client, beside.call() as stream:
        stream.send(request("<b>x</b>", "sip:bob@far.example", beside.own, 1, transport="TCP"))
        stream.send(beside.message(2, "<script>"))
        while "The last reload has changed nothing" not in (alarms := beside.client.get("/alarms").text):
            sleep(0.1)
        assert "edge.dialplan:" in alarms and "no zone" in alarms
        page = beside.client.get("/logs/edge?level=error").text
        assert "reload: nothing changed" in page and '"state pale">info<' not in page
        everything = beside.client.get("/logs/edge").text
        assert "<b>x" not in everything and "<script>" not in everything.split("<main")[1]
        assert "No line" in beside.client.get("/logs/edge?text=never+said").text
        (beside.folder / "edge.dialplan").write_text(RULE)
        beside.edge.reload()
        while ">lasts<" in beside.client.get("/alarms").text.split("has changed nothing")[1].split("</tr>")[0]:
            sleep(0.1)


def test_what_somebody_loads_by_hand_becomes_a_revision(beside: Beside) -> None:
    with beside.client:
        _look(beside)
        (beside.folder / "edge.dialplan").write_text(CHANGED)
        beside.edge.reload()
        _look(beside)
    kept = [(each.number, each.result, each.digest) for each in beside.world.desk.revisions.store.all()]
    assert [each[:2] for each in kept] == [(2, Result.FROM_DISK), (1, Result.FROM_DISK)]
    assert kept[0][2] == status(beside.folder)["revision"]


def _look(beside: Beside) -> None:
    """As the console does every two seconds."""
    portal = beside.client.portal
    assert portal is not None
    portal.call(beside.world.desk.seen, portal.call(beside.world.link.look).status)
