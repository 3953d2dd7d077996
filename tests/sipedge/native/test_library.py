from __future__ import annotations

import logging
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from support.native import require_native

from sipedge.native import library
from sipedge.pjsip.declarations import DECLARATIONS
from sipedge.pjsip.native import sequences
from sipedge.pjsip.stack import Stack

LIMITS = {"max_message": 999, "max_transactions": 9, "max_transactions_per_connection": 9}


def test_other_declarations_than_it_was_compiled_from_are_refused() -> None:
    require_native()
    with pytest.raises(library.Unusable, match=r"_sequences.*\.so was compiled from other sources"):
        sequences.load(DECLARATIONS.replace("int cseq", "long cseq"))


def test_so_are_other_sources(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    require_native()
    edited = tmp_path / sequences.COMPILED[0].name
    edited.write_text(sequences.COMPILED[0].read_text() + "/* edited */\n")
    monkeypatch.setattr(sequences, "COMPILED", (edited, *sequences.COMPILED[1:]))
    with pytest.raises(library.Unusable, match="was compiled from other sources"):
        sequences.load(DECLARATIONS)


@pytest.mark.parametrize(
    ("variable", "reason"),
    [("0", "SIPEDGE_NATIVE is 0"), ("1", "it was not compiled (No module named 'sipedge.pjsip.native._nothing')")],
)
def test_without_it_everything_starts_with_one_line_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: Any, variable: str, reason: str
) -> None:
    monkeypatch.setenv(library.SWITCH, variable)
    monkeypatch.setattr(sequences, "_compiled", lambda: import_module("sipedge.pjsip.native._nothing"))
    with caplog.at_level(logging.INFO, "sipedge.pjsip"):
        Stack(emit=print, send=print, may_answer=lambda branch, connection: False, **LIMITS).shutdown()
    (line,) = [text for text in caplog.messages if "called from Python" in text]
    assert line.startswith(f"pjsip is called from Python, which is slower than from C: {reason}")
