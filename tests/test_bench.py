"""What ``make bench`` makes of its figures."""

from __future__ import annotations

from tools.bench.rows import Row, machine, summary


def row(proxy: str, start: int, figure: float, faults: int = 0) -> Row:
    return Row(proxy, "message", start, {"CPU us": figure}, faults)


def test_medians_ranges_and_the_ratio_of_each_start() -> None:
    rows = [
        *(row("kamailio", 0, figure) for figure in (40.0, 60.0)),
        *(row("edge", 0, figure) for figure in (100.0, 100.0)),
        *(row("kamailio", 1, figure) for figure in (50.0, 50.0)),
        row("edge", 1, 150.0),
        row("edge", 1, 250.0, faults=2),
    ]
    title, kamailio, edge, ratio = (" ".join(each.split()) for each in summary("message", rows))
    assert title == "message CPU us faults"
    assert kamailio == "kamailio 50 (40-60) 0"
    assert edge == "edge 125 (100-250) 2"
    assert ratio == "edge / kamailio 3 (2-4)"


def test_one_proxy_alone_is_compared_with_nobody() -> None:
    assert len(list(summary("message", [row("edge", 0, 1.0)]))) == 2


def test_the_machine_is_named() -> None:
    assert "cores" in machine() and "load average" in machine()
