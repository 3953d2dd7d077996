"""A trace decoded; what it points to is examined when asked."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import click

from sipedge.cli.printing import print_json
from sipedge.doctor import Options, Report, TraceFinding
from sipedge.doctor.explain.decode import collect, explain_trace
from sipedge.traces.records.source import TraceError

from .examination import run_examination
from .table import print_findings, print_report

MAX_EXAMINED = 16
"""Domains of a trace that are examined."""


def explain(trace: str, options: Options, *, as_json: bool, and_examine: bool) -> int:
    """Exit status: 0 no refusal found, 1 some. Raises click.UsageError for a file that cannot be read."""
    with _file(trace) as path:
        try:
            findings = collect(replace(finding, file=_name(trace)) for finding in explain_trace(path))
        except TraceError as error:
            raise click.UsageError(str(error).replace(path, _name(trace))) from None
    report = _examined(findings, options, quiet=as_json) if and_examine else None
    if as_json:
        members = {"findings": [finding.to_json() for finding in findings]}
        print_json(members | ({"examination": report.to_json()} if report else {}))
    else:
        print_findings(findings)
        if report is not None:
            print_report(report)
    return 1 if findings else 0


def _examined(findings: list[TraceFinding], options: Options, *, quiet: bool) -> Report | None:
    """Of the domains that the findings blame, the checks that they point to; None where there is nothing to check."""
    wanted: dict[str, set[str]] = {}
    for finding in findings:
        if finding.domain and finding.checks:
            wanted.setdefault(finding.domain, set()).update(finding.checks)
    domains = tuple(wanted)[:MAX_EXAMINED]
    if not domains:
        return None
    report = run_examination(replace(options, domains=domains), quiet=quiet)
    kept = tuple(result for result in report.results if result.id in wanted.get(result.domain, ()))
    return replace(report, results=kept)


def _name(trace: str) -> str:
    return "standard input" if trace == "-" else trace


@contextmanager
def _file(trace: str) -> Iterator[str]:
    """A trace is read twice, so standard input is kept in a file meanwhile."""
    if trace != "-":
        yield trace
        return
    with tempfile.NamedTemporaryFile(prefix="sipedge-trace-") as copy:
        shutil.copyfileobj(sys.stdin.buffer, copy)
        copy.flush()
        yield copy.name
