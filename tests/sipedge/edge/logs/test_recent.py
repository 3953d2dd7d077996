from __future__ import annotations

import logging
import os

import pytest

from sipedge.edge.logs import log
from sipedge.edge.logs.recent import KEPT, LONGEST, Recent


def test_the_last_lines_are_kept_and_no_more_of_each_than_fits() -> None:
    recent = Recent()
    for number in range(KEPT + 5):
        recent.add(float(number), "INFO", "sipedge", "x" * (LONGEST + number))
    lines = recent.lines()
    assert len(lines) == KEPT and lines[0].time == 5.0 and {len(line.text) for line in lines} == {LONGEST}
    assert [line.number for line in recent.lines(KEPT + 3)] == [KEPT + 4, KEPT + 5]


def test_what_is_written_is_kept_with_its_traceback_and_without_what_forges_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log, "_recent", Recent())
    root, level = logging.getLogger(), logging.getLogger().level
    handlers = root.handlers[:]
    with open(os.devnull, "w") as nowhere:
        log.set_up("INFO", out=nowhere, err=nowhere)
        try:
            logging.getLogger("sipedge.connections").warning("refused %s", "a\nb", extra={"zone": "IMP"})
            logging.getLogger("sipedge").debug("nobody wants to know")
            try:
                int("x")
            except ValueError:
                logging.getLogger("sipedge").exception("it failed")
            log.finish()
        finally:
            root.handlers[:], root.level = handlers, level
            log._writers.clear()
    first, second = log.recent()
    assert (first.level, first.source, first.text) == ("WARNING", "connections", "refused a\\nb zone=IMP")
    assert second.text.startswith("it failed\n    Traceback") and "invalid literal" in second.text
