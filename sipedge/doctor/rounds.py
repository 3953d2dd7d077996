"""The doctor in a running edge: an examination every so often, its report handed on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from sipedge.doctor.checks.result import CheckVerdict, Result
from sipedge.doctor.facts.options import Options
from sipedge.network.resolver import ResolverError

from .examine import examine
from .report import Report
from .tools import DoctorError

Key = tuple[str, str, str]
"""Check, domain, subject."""

_log = logging.getLogger("sipedge.doctor")


async def rounds(options: Options, seconds: float, tell: Callable[[Report], None], *, first: float = 0.0) -> None:
    """Examine after ``first`` seconds and then every ``seconds``, until cancelled.

    A failed check that had not failed in the round before is one line in the log.
    """
    failed: frozenset[Key] = frozenset()
    await asyncio.sleep(first)
    while True:
        try:
            report = await examine(replace(options, now=datetime.now(UTC)))
        except (DoctorError, ResolverError, OSError) as error:
            _log.error("the doctor cannot examine: %s", error)
        else:
            failed = _log_new_failures(report, failed)
            tell(report)
        await asyncio.sleep(seconds)


def _log_new_failures(report: Report, before: frozenset[Key]) -> frozenset[Key]:
    """Returns the keys of all failures, for the next round."""
    failures = [result for result in report.results if result.verdict is CheckVerdict.FAILED]
    for result in failures:
        if _key(result) not in before:
            _log.warning("%s %s %s: %s; %s", result.id, result.domain, result.subject, result.seen, result.mend)
    return frozenset(map(_key, failures))


def _key(result: Result) -> Key:
    return result.id, result.domain, result.subject
