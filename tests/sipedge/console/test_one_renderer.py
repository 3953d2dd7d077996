"""What a command prints and what the page says are the same words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.configuration import write
from support.console import send
from support.drafting import CONFIG, MORE, RULE, Drafting

from sipedge.accounts.roles import Role
from sipedge.cli import main

NEVER = MORE.replace("priority 5", "priority 500").replace('"more"', '"never"').replace("x.*@far", ".*@far")
"""A rule that the one before it leaves nothing to."""


@pytest.fixture
def drafting(tmp_path: Path) -> Iterator[Drafting]:
    made = Drafting(tmp_path)
    yield made
    made.close()


def _shown(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


def _printed(*words: str) -> str:
    return re.sub(r"\s+", " ", CliRunner().invoke(main, words).output)


def test_review_and_the_commands_diff_and_check_say_the_same(drafting: Drafting) -> None:
    client, path, text = drafting.of(Role.OPERATOR), drafting.begun(), RULE + MORE + NEVER
    send(client, f"{path}/save", path, version="1", file="edge.dialplan", text=text, then="save")
    page = _shown(client.get(f"{path}/review").text)
    other = drafting.folder / "new"
    other.mkdir()
    for name, content in (("edge.toml", CONFIG), ("edge.dialplan", text), ("word", "w"), ("edge.secret", "0" * 64)):
        write(other, content, name)
    review = drafting.world.desk.reviewer.ask(
        "review",
        base={"edge.toml": CONFIG, "edge.dialplan": RULE},
        texts={"edge.toml": CONFIG, "edge.dialplan": text},
        history=drafting.world.desk.history,
        since=0.0,
    )
    compared = _printed("diff", str(drafting.toml), str(other / "edge.toml"))
    checked = _printed("check", str(other / "edge.toml"))
    assert review["differences"] and review["findings"]
    for each in review["differences"]:
        for words in (each["request"], each["old"], each["new"]):
            assert words in page and words in compared, words
    for each in review["findings"]:
        for words in (each["why"], each["mend"]):
            assert re.sub(r"\s+", " ", words) in page and re.sub(r"\s+", " ", words) in checked, words


def test_speakers_are_named_in_the_same_words(drafting: Drafting) -> None:
    page = _shown(drafting.of(Role.AUDITOR).get("/zones/speakers").text)
    printed = _printed("speakers", str(drafting.toml))
    found = drafting.world.desk.reviewer.ask("speakers")
    assert found
    for each in found:
        entrances = [entrance["who"] for entrance in each["entrances"]]
        for words in (each["zone"], each["own_domains"], each["other_domains"], each["way_back"], *entrances):
            assert words in page and words in printed, words
