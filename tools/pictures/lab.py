"""``sipedge lab --keep --console`` as a child process, and an account at the console of its outside edge."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import NamedTuple

NAME, PASSWORD = "admin", "a password for pictures"
STARTS_WITHIN, ENDS_WITHIN = 150.0, 30.0
CONSOLE = re.compile(r"outside console +(http\S+)")
CONFIG = re.compile(r"outside edge +\S+:5061 +(\S+\.toml)")
WORD = re.compile(r'^(password = "([^"]*)")', re.MULTILINE)


class Place(NamedTuple):
    address: str
    """Of the console, without a slash at its end."""
    config: str
    """Of its edge."""


@contextmanager
def lab() -> Iterator[Place]:
    """All has been sent once. Raises RuntimeError with what the lab says where it does not stay."""
    command = [sys.executable, "-m", "sipedge", "lab", "--keep", "--console"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    limit = Timer(STARTS_WITHIN, process.kill)
    limit.start()
    try:
        place = _place(process)
        _without_password(Path(place.config))
        _account(place.config)
        yield place
    finally:
        limit.cancel()
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=ENDS_WITHIN)


def _place(process: subprocess.Popen[str]) -> Place:
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        address, config = CONSOLE.search(said), CONFIG.search(said)
        if address and config:
            return Place(address[1].rstrip("/"), config[1])
    raise RuntimeError(f"the lab did not stay:\n{said}")


def _without_password(config: Path) -> None:
    """Drafts are made of texts without one: it goes into a file of its own."""
    for number, (line, password) in enumerate(WORD.findall(config.read_text())):
        file = config.with_name(f"{config.stem}-{number}.password")
        file.write_text(password)
        config.write_text(config.read_text().replace(line, f'password_file = "{file.name}"', 1))


def _account(config: str) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".password") as file:
        file.write(PASSWORD)
        file.flush()
        options = ["account", "add", config, NAME, "--role", "admin", "--password-file", file.name]
        subprocess.run([sys.executable, "-m", "sipedge", *options], check=True, stdout=subprocess.DEVNULL)
