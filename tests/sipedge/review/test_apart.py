from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.configuration import write

from sipedge.control.refusal import Refused
from sipedge.review.apart import Apart

from .test_review import CONFIG, MORE, RULE


@pytest.fixture
def apart(tmp_path: Path) -> Iterator[Apart]:
    made = Apart(str(write(tmp_path, CONFIG)))
    (tmp_path / "edge.dialplan").write_text(RULE)
    yield made
    made.end()


def test_questions_are_answered_by_one_process_until_one_takes_too_long(apart: Apart, tmp_path: Path) -> None:
    base = {"edge.toml": CONFIG, "edge.dialplan": RULE}
    none = {"history": str(tmp_path / "history"), "since": 0.0}
    found = apart.ask("review", base=base, texts={**base, "edge.dialplan": RULE + MORE}, **none)
    assert found["differences"] and not found["problems"]
    process = apart._process
    assert process is not None
    assert apart.ask("marks", texts=base, name="edge.toml") == [] and apart._process is process
    with pytest.raises(Refused, match="KeyError") as refused:
        apart.ask("marks", texts=base, name="none")
    assert refused.value.code == 500 and apart._process is process
    process.send_signal(signal.SIGSTOP)
    with pytest.raises(Refused, match=r"longer than 0\.1 s") as refused:
        apart.ask("review", limit=0.1, base=base, texts=base, **none)
    assert refused.value.code == 503
    assert apart.ask("marks", texts=base, name="edge.toml") == []
