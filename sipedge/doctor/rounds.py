"""The doctor in a running edge: an examination every so often, its report handed on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from sipedge.doctor.checks.result import CheckVerdict
from sipedge.doctor.facts.options import Options
from sipedge.network.resolver import ResolverError

from .examine import examine
from .report import Report
from .tools import DoctorError

_log = logging.getLogger("sipedge.doctor")


async def rounds(options: Options, seconds: float, tell: Callable[[Report], None], *, first: float = 0.0) -> None:
    """Examine after ``first`` seconds and then every ``seconds``, until cancelled.

    A failed check that had not failed in the round before is one line in the log.
    """
    failed: frozenset[tuple[str, str, str]] = frozenset()
    await asyncio.sleep(first)
    while True:
        try:
            report = await examine(replace(options, now=datetime.now(UTC)))
        except (DoctorError, ResolverError, OSError) as error:
            _log.error("the doctor cannot examine: %s", error)
        else:
            failed = _told(report, failed)
            tell(report)
        await asyncio.sleep(seconds)


def _told(report: Report, before: frozenset[tuple[str, str, str]]) -> frozenset[tuple[str, str, str]]:
    wrong = {(one.id, one.domain, one.subject): one for one in report.results if one.verdict is CheckVerdict.FAILED}
    for key in wrong.keys() - before:
        one = wrong[key]
        _log.warning("%s %s %s: %s; %s", one.id, one.domain, one.subject, one.seen, one.mend)
    return frozenset(wrong)
