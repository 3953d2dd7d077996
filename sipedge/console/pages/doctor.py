"""The doctor asked from a page: about the peers of one zone, or about a SIP domain; and what he found in his rounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from anyio import CapacityLimiter
from starlette.requests import Request
from starlette.responses import Response

from sipedge.console.frame.identity import Role
from sipedge.console.frame.keeping import note
from sipedge.console.frame.page import Page, identity_of, no_page, page, world_of
from sipedge.control.refusal import BAD_REQUEST, NOT_FOUND, UNPROCESSABLE, Refused
from sipedge.control.values import DoctorFindingJson, StatusJson
from sipedge.doctor.checks.result import ORDER
from sipedge.doctor.examine import examine
from sipedge.doctor.facts.options import Bounds, Options
from sipedge.doctor.installation import options_of_domain, options_of_zone
from sipedge.doctor.report import Report
from sipedge.settings import Settings

WHOLE = 30.0
"""Seconds of one examination: somebody waits for the page."""
LONGEST = 253
"""Characters of a domain."""
TONES = {"failed": "bad", "warning": "warn", "ok": "good", "not run": "pale"}


def one_at_a_time() -> CapacityLimiter:
    """Of examinations: each opens up to 16 connections."""
    return CapacityLimiter(1)


async def doctor(request: Request) -> Response:
    given = request.query_params
    return await _shown(request, given.get("zone", ""), given.get("domain", "")[:LONGEST])


async def examined(request: Request) -> Response:
    """What the doctor sees from the machine of the console, by the files on the disk."""
    form = await request.form()
    zone, domain = (_field(form, name) for name in ("zone", "domain"))
    if bool(zone) == bool(domain):
        raise Refused(BAD_REQUEST, "say which zone, or which domain")
    world = world_of(request)
    settings, problems = await world.watch.disk.settings()
    if settings is None:
        return no_page(request, UNPROCESSABLE, "the configuration has mistakes, so nothing can be examined", problems)
    options = _options(settings, zone, domain)
    await note(world.keeping, request, identity_of(request).name, "doctor", zone or domain)
    try:
        async with request.app.state.examining:
            report = await examine(replace(options, bounds=Bounds(whole=WHOLE)))
    except (ValueError, OSError) as error:
        raise Refused(UNPROCESSABLE, f"the doctor cannot examine: {error}") from None
    return await _shown(request, zone, domain, report)


def _options(settings: Settings, zone: str, domain: str) -> Options:
    """Raises Refused."""
    if not zone:
        return options_of_domain(settings, domain)
    if zone not in {each.name for each in settings.zones}:
        raise Refused(NOT_FOUND, f'there is no zone "{zone}" in the files')
    return options_of_zone(settings, zone)


async def _shown(request: Request, zone: str, domain: str, report: Report | None = None) -> Response:
    world = world_of(request)
    settings, _ = await world.watch.disk.settings()
    results = sorted(report.results, key=lambda each: ORDER.index(each.verdict)) if report else []
    return page(
        request,
        "doctor.html",
        "Doctor",
        zone=zone,
        domain=domain,
        zones=[each.name for each in settings.zones] if settings else [],
        report=report,
        results=results,
        tones=TONES,
        rounds=settings.doctor.interval if settings else 0,
        findings=findings_of(world.link.state.status, zone),
        whole=WHOLE,
    )


def findings_of(status: StatusJson | None, zone: str) -> list[DoctorFindingJson]:
    """Of the last round, about a zone; '' all."""
    found = status["doctor"] if status else []
    return [each for each in found if not zone or each["about"].startswith(f'zone "{zone}"')]


def _field(form: Mapping[str, Any], name: str) -> str:
    value = form.get(name)
    return value.strip()[:LONGEST] if isinstance(value, str) else ""


PAGES = (
    Page("/doctor", doctor, Role.AUDITOR),
    Page("/doctor", examined, Role.OPERATOR, methods=("POST",)),
)
