"""Where tests find files: one place, so that a test may move."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The clone."""
DATA = ROOT / "tests" / "data"
"""What tests read: messages, captures, dial plans."""
SHARED = ROOT.parent / "shared"
"""Reference data beside the clone; not everybody has it."""
SAMPLES = SHARED / "samples"
