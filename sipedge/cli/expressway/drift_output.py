"""The nightly report in the forms that machines read, and as a page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sipedge.cli import junit
from sipedge.cli.files import replace_text
from sipedge.expressway.page import Part, Plan, page

METRICS = """\
# HELP sipedge_expressway_part_good Whether this part of the report is good.
# TYPE sipedge_expressway_part_good gauge
{parts}# HELP sipedge_expressway_report_timestamp_seconds When the report was made.
# TYPE sipedge_expressway_report_timestamp_seconds gauge
sipedge_expressway_report_timestamp_seconds{{box="{box}"}} {now:.0f}
"""


def report_json(host: str, parts: Sequence[Part], notes: Sequence[str]) -> dict[str, object]:
    return {
        "box": host,
        "good": all(part.good for part in parts),
        "parts": [{"name": part.name, "good": part.good, "lines": list(part.lines)} for part in parts],
        "notes": list(notes),
    }


def write_metrics(file: str, host: str, parts: Sequence[Part]) -> None:
    """For the textfile collector of Prometheus's node exporter, which must never see half a file."""
    box = _label(host)
    lines = [
        f'sipedge_expressway_part_good{{box="{box}",part="{_label(part.name)}"}} {part.good:d}\n' for part in parts
    ]
    replace_text(file, METRICS.format(parts="".join(lines), box=box, now=datetime.now(UTC).timestamp()))


def write_page(file: str, host: str, parts: Sequence[Part], plans: Sequence[Plan]) -> None:
    replace_text(file, page(f"{host}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC", parts, plans))


def write_suite(file: str, host: str, parts: Sequence[Part]) -> None:
    cases = [
        junit.Case(part.name, None if part.good else junit.Failure("look at this", "\n".join(part.lines)))
        for part in parts
    ]
    junit.write_junit(file, [junit.Suite(host, cases)], ())


def _label(text: str) -> str:
    """A label's value in Prometheus's text format."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
