"""A configuration saved, and restored as a draft."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.console import form_token, send
from support.drafting import CONFIG, MORE, RULE, Drafting

from sipedge.accounts.roles import Role
from sipedge.review.backup import packed, unpacked
from sipedge.revisions.files import FileSet


@pytest.fixture
def drafting(tmp_path: Path) -> Iterator[Drafting]:
    made = Drafting(tmp_path)
    yield made
    made.close()


def _restored(drafting: Drafting, content: bytes) -> tuple[int, str]:
    client = drafting.of(Role.OPERATOR)
    token = form_token(client.get("/backup"))
    answer = client.post("/backup/restore", data={"form_token": token}, files={"file": ("saved.zip", content)})
    return answer.status_code, answer.headers.get("location", answer.text)


def test_what_was_saved_comes_back_as_a_draft(drafting: Drafting) -> None:
    saved = send(drafting.of(Role.OPERATOR), "/backup/save", "/backup")
    assert saved.headers["content-disposition"].startswith('attachment; filename="edge-')
    assert unpacked(saved.content, FileSet({})) == {"edge.toml": CONFIG, "edge.dialplan": RULE}
    drafting.plan.write_text(RULE + MORE)
    assert _restored(drafting, saved.content) == (303, "/drafts/1/review")
    draft = drafting.world.desk.drafts.get(1)
    assert draft.texts["edge.dialplan"] == RULE and draft.changed == ["edge.dialplan"]
    assert drafting.plan.read_text() == RULE + MORE


def test_what_was_not_saved_here_is_refused(drafting: Drafting) -> None:
    assert _restored(drafting, b"nothing")[0] == 422
    assert "another configuration" in _restored(drafting, packed(FileSet({"other.toml": ""})))[1]
    password = '[log.hep]\naddress = "127.0.0.1:9060"\npassword = "word"\n'
    assert "holds a password" in _restored(drafting, packed(FileSet({"edge.toml": CONFIG + password})))[1]
    assert not drafting.world.desk.drafts.all()
