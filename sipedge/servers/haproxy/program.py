"""The program: where it is, which version it has, and what it says of a configuration before that is used."""

from __future__ import annotations

import asyncio
import os
import re
import shutil

from sipedge.servers.engine import DIRECTORY, as_child
from sipedge.servers.folder import Owner, owner_for, write_folder

from .wanted import CONFIG, USER, Wanted

PROGRAM = "haproxy"
ABSENT = "HAProxy is not installed: install the Debian package haproxy"
LIMIT = 30.0
"""Seconds for the program to say what it thinks."""
_REMARK = re.compile(r"\[(ALERT|WARNING)\] +\(\d+\) : (?:config : )?(.*)")
_SUMMARY = ("Error(s) found in configuration file", "Fatal errors found in configuration", "Warnings were found")


def find() -> str:
    """Its path. Raises OSError with one sentence when it is not installed."""
    path = shutil.which(PROGRAM, path=os.environ.get("PATH", "") + ":/usr/sbin")
    if path is None:
        raise OSError(ABSENT)
    return path


async def version(program: str) -> str:
    """``2.6.12-1+deb12u4``. Raises OSError."""
    _, text = await _output([program, "-v"], None)
    found = re.search(r"version (\S+)", text)
    if found is None:
        raise OSError(f"{program} does not say its version")
    return found[1]


async def check(program: str, folder: str, wanted: Wanted) -> list[str]:
    """What it only warns of. Raises OSError with its sentences when it refuses the configuration.

    It reads from a folder beside ``folder``, which is removed again.
    """
    beside, owner = folder + ".next", owner_for(USER)
    try:
        write_folder(beside, wanted.in_folder(beside), owner)
        status, text = await _output([program, "-c", "-f", os.path.join(beside, CONFIG)], owner)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    remarks = [(found[1], found[2].replace(beside, folder)) for found in _REMARK.finditer(text)]
    remarks = [(level, remark) for level, remark in remarks if not remark.startswith(_SUMMARY)]
    if status != 0:
        alerts = [remark for level, remark in remarks if level == "ALERT"]
        raise OSError(f"HAProxy refuses its configuration: {'; '.join(alerts) or text.strip() or status}")
    return [remark for level, remark in remarks if level == "WARNING"]


async def _output(command: list[str], owner: Owner | None) -> tuple[int, str]:
    """Exit status and all that it prints."""
    process = await asyncio.create_subprocess_exec(
        *as_child(command, owner),
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
        raise OSError(f"{command[0]} {command[1]} does not end") from None
    return process.returncode or 0, out.decode(errors="replace")
