"""The table of promises in docs/console.md names tests that there are."""

from __future__ import annotations

import re

from support.paths import ROOT


def test_what_proves_a_promise_is_there() -> None:
    table = (ROOT / "docs/console.md").read_text().partition("## What is promised")[2]
    named = re.findall(r"`(tests/[\w/]+(?:\.py)?)`", table)
    assert len(named) > 30
    assert [each for each in named if not (ROOT / each).exists()] == []
