"""One box of the nightly report: as it was pulled, and as it is."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from sipedge.cli.configuration import load
from sipedge.cli.files import write_folder
from sipedge.cli.problems import fail
from sipedge.config import ConfigError, load_config
from sipedge.expressway.box.certificates import certificate_of
from sipedge.expressway.box.client import Reader
from sipedge.importing.expressway import CONFIG
from sipedge.settings import Settings

from .account import BoxOptions, peers
from .drift_parts import Sides
from .live import SETTINGS, Live, read_live, read_settings_file


@dataclass(frozen=True, slots=True)
class Watched:
    live: Live
    sides: Sides
    certificates: tuple[tuple[str, bytes], ...]
    """(peer, PEM)."""

    @property
    def host(self) -> str:
        return self.live.reading.host


def watch(options: BoxOptions, folder: Path, dump: str | None) -> Watched:
    """Read the box that was pulled into ``folder``. What is wrong ends the command with status 2."""
    old, pulled = load(str(folder / CONFIG)), read_settings_file(str(folder / SETTINGS))
    given = read_settings_file(dump) if dump else pulled
    with peers(options, Reader) as boxes:
        live = read_live(boxes, given)
        certificates = tuple((reader.host, certificate_of(reader)) for reader in (boxes.primary, *boxes.others))
    return Watched(live, Sides(folder, old, _settings(live), pulled, live.dump), certificates)


def _settings(live: Live) -> Settings:
    """The configuration that the live box would give; its files live as long as it is read."""
    with tempfile.TemporaryDirectory(prefix="sipedge-expressway-") as folder:
        write_folder(Path(folder), live.imported.files, live.imported.secret)
        try:
            return load_config(Path(folder) / CONFIG, create_secret=False)
        except ConfigError as error:
            fail(error.problems)
