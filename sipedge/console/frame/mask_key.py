"""The key of the console's pseudonyms: a file of its own beside its databases, in no revision and no backup."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress

from sipedge.masking.pseudonyms import KEY, Pseudonyms

NAME = "pseudonyms.key"


def pseudonyms_in(folder: str) -> Pseudonyms:
    """Made where there is no key yet. Raises OSError."""
    path = os.path.join(folder, NAME)
    os.makedirs(folder, 0o750, exist_ok=True)
    with suppress(FileExistsError):
        _make(path)
    with open(path, "rb") as file:
        key = file.read(KEY + 1)
    try:
        return Pseudonyms(key)
    except ValueError as error:
        raise OSError(f"{path}: {error}; without this file a new one is made, and with it other pseudonyms") from None


def _make(path: str) -> None:
    """Whole, or not at all. Raises FileExistsError where there is one."""
    aside = f"{path}.{secrets.token_hex(8)}"
    with os.fdopen(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(secrets.token_bytes(KEY))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(aside, path)
    finally:
        os.unlink(aside)
