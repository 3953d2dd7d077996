"""Verdicts on the answers to an Edge's first requests. Pure."""

from __future__ import annotations

from sipedge.doctor.facts.sip import NOBODY, SipFacts, SipReply
from zones.addresses import host_port

from .result import About, Result

IDS = ("sip.negotiate", "sip.options", "sip.benotify")
_BAD_EXTENSION = 420


def check_sip(facts: SipFacts) -> list[Result]:
    about = About(facts.endpoint.domain, host_port(facts.endpoint.address, facts.endpoint.port))
    return [_negotiate(about, facts.negotiate), _options(about, facts), _benotify(about, facts)]


def _negotiate(about: About, reply: SipReply) -> Result:
    return (about.failed if reply.problem else about.ok)("sip.negotiate", reply.words)


def _options(about: About, facts: SipFacts) -> Result:
    """Any answer below 500 says that the request was understood; a server error is the fault that is looked for."""
    reply, stranger = facts.options, facts.sender == NOBODY
    seen = f"{reply.words}; ms-diagnostics: {ascii(reply.diagnostics[:200])}" if reply.diagnostics else reply.words
    if reply.problem or (reply.status == _BAD_EXTENSION):
        return about.failed("sip.options", seen)
    if reply.status >= 500 and stranger:
        return about.warning("sip.options", f"{seen}; asked without a domain of our own: give --from")
    if reply.status >= 500:
        return about.failed("sip.options", seen)
    if reply.status == 403 and facts.sender == facts.endpoint.domain:
        return about.ok("sip.options", f"{seen}: reached; nobody outside may speak for {facts.sender}")
    if reply.status == 403:
        return about.warning("sip.options", f"{seen}: reached, but this side is not admitted (1027)")
    return about.ok("sip.options", seen)


def _benotify(about: About, facts: SipFacts) -> Result:
    reply = facts.benotify
    if reply.problem:
        return about.not_run("sip.benotify", reply.words)
    if reply.status == _BAD_EXTENSION and facts.options.status != _BAD_EXTENSION:
        return about.failed("sip.benotify", reply.words)
    return about.ok("sip.benotify", reply.words)
