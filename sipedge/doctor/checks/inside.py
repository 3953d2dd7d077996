"""Verdicts on the inside of a split DNS: the federation-routing FQDN, and whether inside and outside tell the same."""

from __future__ import annotations

from sipedge.doctor.facts.domain import choose
from sipedge.doctor.facts.inside import RoutingNameFacts, SplitFacts
from zones.names import show_names

from .dns import choose_text
from .result import About, Result


def check_routing_name(facts: RoutingNameFacts) -> list[Result]:
    about, answer = About(facts.domain, facts.name), facts.answer
    if not answer.addresses:
        verdict = about.not_run if answer.silent else about.failed
        return [
            verdict("dns.routing-address", answer.words),
            about.not_run("dns.routing-pointer", "there is no address"),
        ]
    return [about.ok("dns.routing-address", ", ".join(answer.addresses)), _pointer(about, facts)]


def _pointer(about: About, facts: RoutingNameFacts) -> Result:
    names = [name for answer in facts.pointers for name in answer.texts]
    back = [name for name in names if name.lower() == facts.name]
    if back:
        return about.failed("dns.routing-pointer", f"{facts.pointers[0].name} leads back to {show_names(back)}")
    silent = [answer for answer in facts.pointers if answer.silent]
    if silent:
        return about.not_run("dns.routing-pointer", silent[0].words)
    return about.ok("dns.routing-pointer", f"PTR names {show_names(names)}" if names else "no PTR record")


def check_split(facts: SplitFacts, *, own: bool) -> Result:
    """``own``: a domain of this side, which nobody inside has to look up; then only a contradiction is a fault.

    An inside server without a zone for the domain hides nothing: whoever asks it knows that it has the inside only.
    """
    about = About(facts.domain, facts.outside.name)
    there, here = facts.outside, facts.inside
    if there.silent or here.silent:
        return about.not_run("dns.split", f"outside: {there.words}; inside: {here.words}")
    public, private = choose(there.services), choose(here.services)
    if public == private:
        return about.ok("dns.split", choose_text(here) or "neither has the record")
    if private is not None:
        return about.warning("dns.split", f"inside: {choose_text(here)}; outside: {choose_text(there) or there.words}")
    if own:
        return about.ok("dns.split", "the record is outside only, which is enough for a domain of this side")
    if not facts.zone.texts:
        return about.ok("dns.split", "the inside server has no zone for the domain, so it hides nothing")
    return about.warning("dns.split", f"an inside zone hides the record: {here.words}; outside: {choose_text(there)}")
