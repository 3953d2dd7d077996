"""Prosody's own opinion of a configuration, before it is used."""

from __future__ import annotations

import asyncio
import os
import shutil

from sipedge.servers.engine import DIRECTORY, as_child
from sipedge.servers.folder import owner_for, write_folder

from .contents import Contents
from .prosody import CONFIG, USER

LIMIT = 30.0
"""Seconds for the checker."""
_FAULT = "Error: "
"""Begins the line that says what is wrong. Advice has no such line, though the checker then speaks of problems, too."""


async def check(checker: str, folder: str, contents: Contents) -> None:
    """Raises OSError with the checker's sentence. ``checker``: the program ``prosodyctl``.

    It reads from a folder beside ``folder``, which is removed again.
    """
    beside = folder + ".next"
    files = {name: content.replace(folder.encode(), beside.encode()) for name, content in contents.files.items()}
    try:
        write_folder(beside, files, owner_for(USER))
        text = await _output([checker, "--config", os.path.join(beside, CONFIG), "check", "config"])
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    for line in text.splitlines():
        if line.startswith(_FAULT):
            raise OSError(f"Prosody refuses its configuration: {line.removeprefix(_FAULT).replace(beside, folder)}")


async def _output(command: list[str]) -> str:
    process = await asyncio.create_subprocess_exec(
        *as_child(command, owner_for(USER)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=DIRECTORY,
    )
    try:
        out, _ = await asyncio.wait_for(process.communicate(), LIMIT)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise OSError("the checker of Prosody does not end") from None
    return out.decode(errors="replace")
