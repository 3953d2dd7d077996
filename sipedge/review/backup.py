"""The texts of a configuration as one ZIP file, and back. No key, password or secret is in it: they are no texts."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Mapping

from sipedge import __version__
from sipedge.control.refusal import UNPROCESSABLE, Refused
from sipedge.revisions.drafts import LONGEST
from sipedge.revisions.files import FileSet

MANIFEST = "revision.json"
MOST = 500
"""Files."""
_DATE = (1980, 1, 1, 0, 0, 0)
"""The same texts give the same bytes."""


def packed(files: FileSet) -> bytes:
    made = io.BytesIO()
    about = {"digest": files.digest, "whole": files.whole, "sipedge": __version__, "files": list(files.texts)}
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {**files.texts, MANIFEST: json.dumps(about, indent=1)}.items():
            entry = zipfile.ZipInfo(name, _DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o640 << 16
            archive.writestr(entry, text.encode())
    return made.getvalue()


def unpacked(content: bytes, there: FileSet) -> Mapping[str, str]:
    """Name -> text, to take the place of ``there``: a backup from before they held case files leaves those alone.

    Raises Refused for what ``packed`` has not made: other files, too much, another digest.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            about = json.loads(_text(archive, MANIFEST))
            names = about["files"]
            _check_size(archive, names)
            texts = {str(name): _text(archive, str(name)) for name in names}
            whole = str(about.get("whole", about["digest"]))
    except (
        zipfile.BadZipFile,
        ValueError,
        KeyError,
        TypeError,
        OSError,
        RuntimeError,
        NotImplementedError,
        zlib.error,
    ):
        raise Refused(UNPROCESSABLE, "this is no backup of a configuration, or not all of it") from None
    if FileSet(texts).whole != whole:
        raise Refused(UNPROCESSABLE, "this backup was changed: its digest is another one")
    if any(name.startswith("/") or ".." in name.split("/") for name in texts):
        raise Refused(UNPROCESSABLE, "this backup has a file outside its folder")
    return texts if "whole" in about else {**texts, **there.cases}


def _check_size(archive: zipfile.ZipFile, names: object) -> None:
    """Raises ValueError, KeyError."""
    if not (isinstance(names, list) and 0 < len(names) <= MOST):
        raise ValueError("no list of files")
    if sum(archive.getinfo(name).file_size for name in names) > LONGEST:
        raise ValueError("too large")


def _text(archive: zipfile.ZipFile, name: str) -> str:
    """Of a file that says it is short; what it holds beyond that is not read."""
    entry = archive.getinfo(name)
    if entry.file_size > LONGEST:
        raise ValueError("too large")
    with archive.open(entry) as file:
        return file.read(LONGEST).decode()
