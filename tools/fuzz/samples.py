"""The sound messages and traces that mutations begin with: those of the tests, and published ones beside the clone."""

from __future__ import annotations

from pathlib import Path

from tools.live.edge import ROOT

FOLDERS = (ROOT / "tests" / "data", ROOT.parent / "shared" / "samples")
"""The second one is not everybody's; it is used where it is."""
MESSAGES = (".sip", ".dat")
LARGEST = 20_000
FOUND = ROOT / "tests" / "data" / "found"
"""Inputs that were found once: a folder for each target."""


def messages() -> list[bytes]:
    """Files of one SIP message each, in an order that is always the same."""
    return [path.read_bytes() for path in _files() if path.suffix in MESSAGES]


def traces() -> list[bytes]:
    """Small traces of every kind, messages too."""
    return [path.read_bytes() for path in _files() if path.stat().st_size <= LARGEST]


def _files() -> list[Path]:
    found = (path for folder in FOLDERS for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in found if FOUND not in path.parents)
