"""Who sees pseudonyms finds no name in any answer, and no question by which to learn whose they are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest
from httpx import Response
from support.console import form_token, send
from support.masked import NAMES, Masked
from support.paths import ROOT

from sipedge.accounts.roles import Role
from sipedge.console.app import PAGES

ENDLESS = {"/live"}
MASKED = (Role.AUDITOR, Role.OPERATOR)
NAMING = ("/history", "/history.csv", "/api/history", "/drafts/1/review", "/shadow")
"""Where who sees names sees some."""
PERSON = "zaphod.beeblebrox"


@pytest.fixture(scope="module")
def masked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Masked]:
    made = Masked(tmp_path_factory.mktemp("masked"))
    for role in Role:
        made.of(role)  # before an answer of a provider fails that nobody asked for
    made.shadowed(made.drafted())
    end = monotonic() + 20
    while not (made.world.desk.shadow and made.world.desk.shadow.state["recorded"]["changed"]):
        assert monotonic() < end
        sleep(0.05)
    yield made
    made.close()


def _keys(masked: Masked) -> list[str]:
    found = masked.of(Role.ADMIN).get("/api/history").json()["decisions"]
    return [each["key"] for each in found]


def _paths(masked: Masked) -> list[str]:
    """Of all that may be got, each of every decision."""
    paths = []
    for page in PAGES:
        if "GET" in page.methods and page.path not in ENDLESS and "static" not in page.path:
            path = page.path.replace("{number:short}", "1")
            paths += [path.replace("{key}", key) for key in _keys(masked)] if "{key}" in path else [path]
    entries = [f"/history/{key}" for key in _keys(masked)]
    under = [f"{place}{entry}?under={which}" for place in ("", "/api") for entry in entries for which in UNDER]
    return [*paths, *under, "/history?status=failed", "/?span=30d", "/history?sender=@example.com"]


UNDER = ("force", "disk", "draft-1")


def _named(answer: Response) -> list[str]:
    text = f"{answer.text} {list(answer.headers.items())}".lower()
    return [name for name in NAMES if name in text]


@pytest.mark.parametrize("role", MASKED)
def test_no_route_shows_a_name_to_who_sees_pseudonyms(role: Role, masked: Masked) -> None:
    client = masked.of(role)
    shown = {path: found for path in _paths(masked) if (found := _named(client.get(path)))}
    assert shown == {}


@pytest.mark.parametrize("role", MASKED)
def test_case_files_are_for_who_sees_names(role: Role, masked: Masked) -> None:
    texts = masked.of(Role.ADMIN).get("/api/texts").json()["texts"]
    (cases,) = (name for name in texts if name.endswith(".cases"))
    client = masked.of(role)
    assert set(client.get("/api/texts").json()["texts"]) == set(texts) - {cases}
    for page in ("/rules", "/drafts/1"):
        assert _named(client.get(page, params={"file": cases})) == []
        assert _named(masked.of(Role.ADMIN).get(page, params={"file": cases})) != []
    if role is Role.OPERATOR:
        said = send(client, "/backup/save")
        assert (said.status_code, _named(said)) == (403, [])


def test_who_sees_names_sees_them_there(masked: Masked) -> None:
    client, key = masked.of(Role.ADMIN), _keys(masked)[-1]
    assert len(_keys(masked)) == 6
    more = (f"/history/{key}", f"/api/history/{key}?under=disk", f"/history/{key}/ladder")
    assert [path for path in (*NAMING, *more) if "beeblebrox" not in client.get(path).text.lower()] == []


@pytest.mark.parametrize("role", MASKED)
def test_no_answer_to_what_is_sent_shows_a_name(role: Role, masked: Masked) -> None:
    client = masked.of(role)
    headers = {"X-Form-Token": form_token(client.get("/"))}
    texts = masked.of(Role.ADMIN).get("/api/texts").json()["texts"]
    asked = [client.post("/api/review", json={"texts": texts}, headers=headers)]
    for kind in ("history", "log"):
        asked.append(client.post("/api/control", content=json.dumps({"request": kind}), headers=headers))
        assert asked[-1].status_code in (400, 403), asked[-1].text
    assert [_named(each) for each in asked] == [[], [], []]


@pytest.mark.parametrize("field", ["alias", "destination", "sender", "call_id"])
@pytest.mark.parametrize("place", ["/api/history", "/history.csv", "/history"])
def test_a_name_is_no_filter_whether_there_is_one_or_not(place: str, field: str, masked: Masked) -> None:
    client = masked.of(Role.AUDITOR)
    parts = (
        PERSON,
        "zaphod.beeblebrox@example.com",
        "nobody.such",
        "nobody.such@example.com",
        "zaphod%",
        "@",
        "~",
        '"',
    )
    said = {_without(client.get(place, params={field: part}), part) for part in parts}
    if place == "/history" or field == "call_id":
        assert all("/history/" not in text for text in said)
    else:
        assert all("you see no names" in text or '"decisions":[]' in text or text == CSV_HEAD for text in said), said


CSV_HEAD = "time,method,alias,request_uri,from,zone,target,rule,status,ms,revision,call_id\r\n"


def _without(answer: Response, given: str) -> str:
    return answer.text.replace(given, "")


def test_one_person_is_followed_by_one_pseudonym_in_alias_and_from(masked: Masked) -> None:
    client = masked.of(Role.AUDITOR)
    rows = client.get("/api/history").json()["decisions"]
    pseudonym = rows[-1]["alias"]
    assert re.fullmatch(r"~[A-Za-z0-9_-]{32}@example\.com", pseudonym)
    assert rows[1]["sender"] == f"<sip:{pseudonym.partition('@')[0]}@EXAMPLE.com>"
    for demand in (pseudonym, pseudonym.partition("@")[0], f"sip:{pseudonym}", f"<sip:{pseudonym}>"):
        found = client.get("/api/history", params={"alias": demand}).json()["decisions"]
        assert [each["key"] for each in found] == [rows[1]["key"], rows[-1]["key"]], demand
    narrow = client.get("/api/history", params={"destination": pseudonym}).json()["decisions"]
    assert [each["key"] for each in narrow] == [rows[-1]["key"]]
    wide = client.get("/api/history", params={"alias": f"{pseudonym.partition('@')[0]}@far.example"}).json()
    assert wide["decisions"] == []


def test_who_sees_names_is_told_whose_a_pseudonym_is(masked: Masked) -> None:
    pseudonym = masked.of(Role.AUDITOR).get("/api/history").json()["decisions"][-1]["alias"]
    found = masked.of(Role.ADMIN).get("/api/history", params={"alias": pseudonym}).json()["decisions"]
    assert [each["alias"] for each in found] == ["bob@example.com", "Zaphod.Beeblebrox@example.com"]


def test_domains_stay_and_can_be_asked_for_whole(masked: Masked) -> None:
    client = masked.of(Role.AUDITOR)

    def count(**demands: str) -> int:
        return len(client.get("/api/history", params=demands).json()["decisions"])

    assert count(destination="@example.com") == count(destination="EXAMPLE.com") == 2
    assert count(alias="imp1.example.com") == 1
    assert count(alias="example") == count(alias="ample.com") == count(alias="heartofgold") == 0
    assert "imp1.example.com" in client.get("/history").text


def test_no_draft_says_whose_a_decision_is(masked: Masked) -> None:
    for place in ("", "/api"):
        answer = masked.of(Role.OPERATOR).get(f"{place}/history/{_keys(masked)[0]}?under=draft-1")
        assert answer.status_code == 403 and "a rule for one name would tell" in answer.text


def test_a_review_tells_only_what_the_texts_alone_tell(masked: Masked) -> None:
    text = masked.of(Role.OPERATOR).get("/drafts/1/review").text
    assert "go another way" in text and "is for who sees aliases in full" in text
    assert "people.cases:3:1: what it says" in text


def test_links_of_pages_lead_to_what_is_seen(masked: Masked) -> None:
    client = masked.of(Role.AUDITOR)
    page = client.get(f"/history/{_keys(masked)[-1]}").text
    link = re.search(r'href="(/history\?alias=~[^"]+)"', page)
    assert link and client.get(link[1]).text.count('<tr><td class="time">') == 2
    alike = client.get(f"/history/{_keys(masked)[-1]}/alike").text
    assert "0 like it today" not in alike and "like it today" in alike
    assert "What if" not in page and "/ladder" not in page and "As a case" not in page


def test_pages_take_decisions_by_the_sight_of_who_asks_only() -> None:
    """But for the times of rules' last uses."""
    asked = re.compile(r"history\.(find|entry|count|asked)\b")
    files = {
        path.relative_to(ROOT / "sipedge/console").as_posix()
        for path in (ROOT / "sipedge/console").rglob("*.py")
        if asked.search(path.read_text())
    }
    assert files == {"frame/sight.py", "changes/rules.py"}


def test_by_default_whoever_may_read_sees_names(tmp_path: Path) -> None:
    made = Masked(tmp_path, "auditor")
    try:
        assert "Zaphod.Beeblebrox@example.com" in made.of(Role.AUDITOR).get("/history").text
        assert not (tmp_path / "edge.console/pseudonyms.key").exists()
    finally:
        made.close()


def test_the_key_is_in_no_backup_and_for_the_console_alone(masked: Masked) -> None:
    key = masked.toml.parent / "edge.console/pseudonyms.key"
    assert key.stat().st_mode & 0o777 == 0o600
    saved = send(masked.of(Role.OPERATOR), "/backup/save", "/backup").content
    assert key.read_bytes() not in saved and b"pseudonyms" not in saved


def test_a_pseudonym_is_no_alias_to_locate(masked: Masked) -> None:
    pseudonym = masked.of(Role.AUDITOR).get("/api/history").json()["decisions"][-1]["alias"]
    for role in Role:
        answer = masked.of(role).get("/locate", params={"alias": f"sip:{pseudonym}"})
        assert answer.status_code == 400 and "this is a pseudonym" in answer.text
    assert masked.of(Role.AUDITOR).get("/locate", params={"alias": "~x@example.com"}).status_code == 200
