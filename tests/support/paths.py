"""Where tests find files: one place, so that a test may move."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The clone."""
DATA = ROOT / "tests" / "data"
"""What tests read: messages, captures, logs, dial plans (README.md there)."""


def messages_in(folder: Path) -> list[Path]:
    """The files below it that hold one SIP message each; published ones end in ``.dat``, too."""
    return sorted(path for path in folder.rglob("*") if path.suffix in (".sip", ".dat"))
