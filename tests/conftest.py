"""All tests draw their examples by one profile, before any of them is imported."""

from __future__ import annotations

from support.examples import load_profile

load_profile()
