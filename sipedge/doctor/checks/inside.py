"""The inside of a split DNS: the federation-routing FQDN, and whether inside and outside tell the same of a domain."""

from __future__ import annotations

import asyncio

from sipedge.doctor.probes.dns_client import Answer, DnsClient
from sipedge.doctor.probes.domain import choose
from zones.names import show_names
from zones.zone import MICROSOFT_SERVICE

from .dns import choose_text
from .result import About, Result


async def check_routing_name(domain: str, name: str, inside: DnsClient) -> list[Result]:
    """``name``: the federation-routing FQDN. Its PTR is asked for with the same time limit as everything else."""
    about = About(domain, name)
    answer = await inside.ask(name, "A")
    if not answer.addresses:
        verdict = about.not_run if answer.silent else about.failed
        return [
            verdict("dns.routing-address", answer.words),
            about.not_run("dns.routing-pointer", "there is no address"),
        ]
    pointers = await asyncio.gather(*(inside.pointer(address) for address in answer.addresses))
    return [about.ok("dns.routing-address", ", ".join(answer.addresses)), _pointer(about, name, pointers)]


def _pointer(about: About, name: str, answers: list[Answer]) -> Result:
    back = [pointer for answer in answers for pointer in answer.texts if pointer.lower() == name]
    if back:
        return about.failed("dns.routing-pointer", f"{answers[0].name} leads back to {show_names(back)}")
    silent = [answer for answer in answers if answer.silent]
    if silent:
        return about.not_run("dns.routing-pointer", silent[0].words)
    others = [pointer for answer in answers for pointer in answer.texts]
    return about.ok("dns.routing-pointer", f"PTR names {show_names(others)}" if others else "no PTR record")


async def check_split(domain: str, outside: DnsClient, inside: DnsClient, *, own: bool) -> Result:
    """``own``: a domain of this side, which nobody inside has to look up; then only a contradiction is a fault.

    An inside server without a zone for the domain hides nothing: whoever asks it knows that it has the inside only.
    """
    name = f"{MICROSOFT_SERVICE}.{domain}"
    about = About(domain, name)
    there, here, zone = await asyncio.gather(
        outside.ask(name, "SRV"), inside.ask(name, "SRV"), inside.ask(domain, "SOA")
    )
    if there.silent or here.silent:
        return about.not_run("dns.split", f"outside: {there.words}; inside: {here.words}")
    public, private = choose(there.services), choose(here.services)
    if public == private:
        return about.ok("dns.split", choose_text(here) or "neither has the record")
    if private is None and own:
        return about.ok("dns.split", "the record is outside only, which is enough for a domain of this side")
    if private is None and not zone.texts:
        return about.ok("dns.split", "the inside server has no zone for the domain, so it hides nothing")
    if private is None:
        return about.warning(
            "dns.split", f"an inside zone hides the record: {here.words}; outside: {choose_text(there)}"
        )
    return about.warning("dns.split", f"inside: {choose_text(here)}; outside: {choose_text(there) or there.words}")
