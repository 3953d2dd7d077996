"""The table ``[log]`` with ``[log.hep]``."""

from __future__ import annotations

from typing import Any

from sipedge.settings import Hep, Log

from .reading.files import check_trusted, in_folder_of, read_password
from .reading.reader import Reader
from .reading.schema import LOG

LOG_FILES = ("decisions", "messages", "expressway")


def read_log(reader: Reader) -> Log:
    """File names become absolute or relative to the working directory; what is wrong is reported."""
    table = reader.validate(LOG, reader.table("log"), ("log",), "[log]")
    if table is None:
        return Log()
    fields: dict[str, Any] = table.model_dump()
    seen: dict[str, str] = {}
    for key in LOG_FILES:
        if fields[key]:
            fields[key] = in_folder_of(reader.file, fields[key])
            other = seen.setdefault(fields[key], key)
            if other != key:
                message = f'"{key}" and "{other}" are the same file'
                reader.problem(("log", key), message, "each of them needs a file of its own")
    hep = fields.pop("hep")
    return Log(**fields, hep=None if hep is None else _hep(reader, hep))


def _hep(reader: Reader, fields: dict[str, Any]) -> Hep:
    file = fields.pop("password_file")
    if file is not None and fields["password"] is not None:
        hint = "a password in the file itself, or the name of a file whose first line is the password"
        reader.problem(
            ("log", "hep", "password_file"), 'there is "password" and "password_file"; keep one', hint, at_key=True
        )
    elif file is not None:
        path = ("log", "hep", "password_file")
        fields["password"] = read_password(reader, path, in_folder_of(reader.file, file))
    fields["password"] = fields["password"] or ""
    if fields["trusted"]:
        fields["trusted"] = in_folder_of(reader.file, fields["trusted"])
        check_trusted(reader, ("log", "hep", "trusted"), fields["trusted"])
    return Hep(**fields)
