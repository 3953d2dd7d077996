from __future__ import annotations

import io
import json
import zipfile

import pytest
from support.paths import DATA

from sipedge.control.refusal import Refused
from sipedge.review.backup import MANIFEST, packed, unpacked
from sipedge.revisions.drafts import LONGEST
from sipedge.revisions.files import FileSet

FILES = FileSet({"edge.toml": "a = 1\n", "edge.dialplan": "ä\n"})


def _changed(**texts: str) -> bytes:
    """A backup of other texts under the digest of FILES."""
    made = io.BytesIO()
    about = {"digest": FILES.digest, "files": list(texts)}
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {**texts, MANIFEST: json.dumps(about)}.items():
            archive.writestr(name, text)
    return made.getvalue()


def test_a_backup_is_the_texts_and_the_same_texts_give_the_same_bytes() -> None:
    content = packed(FILES)
    assert content == packed(FILES) and dict(unpacked(content, FILES)) == dict(FILES.texts)


@pytest.mark.parametrize("content", [b"", b"PK", packed(FILES)[:-30], _changed()])
def test_what_is_no_backup_is_refused(content: bytes) -> None:
    with pytest.raises(Refused, match="no backup of a configuration"):
        unpacked(content, FILES)


def test_a_backup_holds_case_files_and_one_from_before_they_counted_leaves_them_alone() -> None:
    there = FileSet({**FILES.texts, "edge.cases": "# now\n"})
    held = FileSet({**FILES.texts, "more.cases": "# then\n"})
    assert dict(unpacked(packed(held), there)) == dict(held.texts)
    old = (DATA / "revisions_before_cases/backup.zip").read_bytes()
    assert dict(unpacked(old, there)) == {"edge.toml": "a = 1\n", "edge.dialplan": "x\n", "edge.cases": "# now\n"}


def test_a_changed_backup_is_refused() -> None:
    with pytest.raises(Refused, match="its digest is another one"):
        unpacked(_changed(**{"edge.toml": "a = 2\n", "edge.dialplan": "ä\n"}), FILES)


def test_a_bomb_is_not_unpacked() -> None:
    bomb = _changed(**{"edge.toml": "a" * (LONGEST + 1)})
    assert len(bomb) < 10_000
    with pytest.raises(Refused, match="no backup"):
        unpacked(bomb, FILES)


@pytest.mark.parametrize("name", ["/etc/edge.toml", "../edge.toml", "a/../../edge.toml"])
def test_no_file_of_a_backup_lies_elsewhere(name: str) -> None:
    with pytest.raises(Refused, match="outside its folder"):
        unpacked(packed(FileSet({name: ""})), FILES)
