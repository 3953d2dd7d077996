"""The doctor's report for people: a table, then what to mend; a progress display while it works."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby

import click
from rich.console import Console, Group
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from sipedge.cli.printing import amount
from sipedge.cli.screen import console
from sipedge.doctor import CheckVerdict, Report, Result, TraceFinding
from sipedge.doctor.report import counted
from sipedge.printable import escaped
from sipedge.traces.records.record import iso_time

IN_A_ROW = 6
"""Checks that a finding points to."""
STYLES = {
    CheckVerdict.OK: "green",
    CheckVerdict.WARNING: "yellow",
    CheckVerdict.FAILED: "bold red",
    CheckVerdict.NOT_RUN: "dim",
}


@contextmanager
def progress(*, shown: bool) -> Iterator[Callable[[str, int, int], None]]:
    """A bar on standard error, gone when everything is done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not shown) as bar:
        task = bar.add_task("examining", total=None)

        def tell(name: str, done: int, total: int) -> None:
            bar.update(task, description=escaped(name), completed=done, total=total)

        yield tell


@contextmanager
def tidy() -> Iterator[Console]:
    """A console whose lines lose the blanks at their end."""
    out = console()
    with out.capture() as captured:
        yield out
    click.echo("\n".join(line.rstrip(" ") for line in captured.get().splitlines()))


def print_report(report: Report) -> None:
    with tidy() as out:
        _print_report(out, report)


def _print_report(out: Console, report: Report) -> None:
    for domain in dict.fromkeys(result.domain for result in report.results):
        out.print(Text(escaped(domain), style="bold"))
        out.print(_table([result for result in report.results if result.domain == domain]))
        out.print()
    for result in report.results:
        if result.verdict in (CheckVerdict.FAILED, CheckVerdict.WARNING):
            out.print(_advice(result))
    out.print(_summary(report))


def _table(results: list[Result]) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for result in results:
        text = result.reason if result.verdict is CheckVerdict.NOT_RUN else result.seen
        style = STYLES[result.verdict]
        table.add_row(
            Text(result.verdict.value, style=style),
            Text(result.id, style="dim" if result.verdict is CheckVerdict.NOT_RUN else ""),
            Text(escaped(result.subject), style="dim"),
            Text(escaped(text), style="dim" if result.verdict is CheckVerdict.NOT_RUN else ""),
        )
    return table


def _advice(result: Result) -> Group:
    symptom = result.check.symptom
    signs = [f"ms-diagnostics {symptom.diagnostics}" if symptom.diagnostics else "", symptom.log, symptom.hresult]
    head = Text(f"{result.verdict.value}: {result.id} ", style=STYLES[result.verdict])
    head.append(escaped(result.subject), style="not bold default")
    lines = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name, text in (
        ("seen", result.seen),
        ("expected", result.expected),
        ("at Microsoft's", "; ".join(filter(None, (symptom.effect, *signs)))),
        ("mend", result.mend),
    ):
        lines.add_row(Text(name, style="dim"), Text(escaped(text)))
    return Group(head, Padding(lines, (0, 0, 1, 2), expand=False))


def _summary(report: Report) -> Text:
    words = counted(report)
    return Text(f"{report.verdict.value}: {words}, {report.seconds:.1f} s", style=STYLES[report.verdict])


def print_findings(findings: list[TraceFinding]) -> None:
    count = sum(finding.count for finding in findings)
    with tidy() as out:
        for finding in findings:
            out.print(Text(escaped(finding.what), style="bold red"), Text(escaped(finding.request), style="dim"))
            out.print(Padding(_finding(finding), (0, 0, 1, 2), expand=False))
        out.print(Text(f"{amount(count, 'refusal')} found", style="bold" if count else "green"))


def _where(finding: TraceFinding) -> str:
    place = f"{finding.file} at byte {finding.position}"
    time = iso_time(finding.time)
    more = f", and {finding.count - 1} more like it" if finding.count > 1 else ""
    return f"{place}{f', {time}' if time else ''}{more}"


def _grouped(checks: Sequence[str]) -> list[list[str]]:
    """Many checks by what they are about, a line each."""
    if len(checks) <= IN_A_ROW:
        return [list(checks)]
    return [list(group) for _, group in groupby(checks, lambda check: check.partition(".")[0])]


def _finding(finding: TraceFinding) -> Table:
    lines = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    side = f"{finding.side.value} ({finding.domain})" if finding.domain else finding.side.value
    details = "; ".join(f"{name}={value}" for name, value in finding.details.items())
    for name, text in (
        ("where", _where(finding)),
        ("codes", ", ".join(finding.codes)),
        ("means", "; ".join(finding.words)),
        ("side", side),
        ("details", details),
        *(("" if at else "check next", ", ".join(group)) for at, group in enumerate(_grouped(finding.checks))),
        ("with", f"sipedge doctor {finding.domain}" if finding.domain and finding.checks else ""),
    ):
        if text:
            lines.add_row(Text(name, style="dim"), Text(escaped(text)))
    return lines
