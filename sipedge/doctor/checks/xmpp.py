"""Verdicts on what the DNS and the servers of an XMPP domain say. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sipedge.certificates.chain import ChainError, out_of_date, read_chain
from sipedge.certificates.xmpp_names import speaks_for, xmpp_names
from sipedge.doctor.facts.domain import NO_IPV6
from sipedge.doctor.facts.xmpp import StreamFacts, XmppFacts
from zones.addresses import host_port
from zones.names import show_names

from .dns import USUAL_PORTS, choose_text
from .result import About, Result
from .table import ids

PORT = USUAL_PORTS["_xmpp-server._tcp"]
PER_STREAM = (
    "xmpp.stream",
    "xmpp.starttls",
    "xmpp.handshake",
    "xmpp.name",
    "xmpp.trusted",
    "xmpp.dates",
    "xmpp.dialback",
)
_BEHIND_TLS = ("xmpp.handshake", "xmpp.name", "xmpp.trusted", "xmpp.dates")
_CERTIFICATE = ("xmpp.name", "xmpp.trusted", "xmpp.dates")


def check_xmpp(facts: XmppFacts, now: datetime, *, chain_counts: bool) -> list[Result]:
    """``chain_counts``: this side demands certificates of a trusted CA; else such faults are warnings."""
    about = About(facts.domain.name, "static routes" if facts.srv is None else facts.srv.name)
    results = list(_record(about, facts))
    if not facts.targets:
        return [*results, *about.none_run(_without_result(ids("xmpp."), results), "there is no server to look at")]
    results += _addresses(about, facts)
    if not facts.streams:
        return [*results, *about.none_run(PER_STREAM, "there is no address that takes connections")]
    return [*results, *(result for stream in facts.streams for result in _stream(about, stream, now, chain_counts))]


def _without_result(wanted: tuple[str, ...], results: list[Result]) -> list[str]:
    """Those that have no result yet."""
    known = {result.id for result in results}
    return [id for id in wanted if id not in known]


def _record(about: About, facts: XmppFacts) -> Iterator[Result]:
    if facts.srv is None:
        routes = ", ".join(host_port(*route) for route in facts.domain.routes)
        yield about.ok("xmpp.srv", f"static routes: {routes}")
        yield about.not_run("xmpp.port", "static routes count, not the DNS")
        return
    records = [record for record in facts.srv.services if record.target not in (".", "")]
    if not records:
        none = 'the target ".": the domain says that it has no federation' if facts.srv.services else facts.srv.words
        yield (about.not_run if facts.srv.silent else about.failed)("xmpp.srv", none)
        return
    yield about.ok("xmpp.srv", choose_text(facts.srv))
    ports = ", ".join(map(str, sorted({record.port for record in records})))
    yield (about.ok if all(record.port == PORT for record in records) else about.warning)("xmpp.port", ports)


def _addresses(about: About, facts: XmppFacts) -> Iterator[Result]:
    missing = [show_names([target.name]) for target in facts.targets if not (target.addresses or target.refused)]
    refused = [address for target in facts.targets for address in target.refused]
    if missing:
        yield about.failed("xmpp.address", f"no address for {', '.join(missing)}")
    elif refused:
        yield about.failed("xmpp.address", f"{', '.join(refused)}: not to be connected to")
    else:
        yield about.ok("xmpp.address", ", ".join(address for target in facts.targets for address in target.addresses))
    for target in facts.targets:
        for address, problem in target.reached.items():
            here = About(about.domain, host_port(address, target.port))
            if problem:
                yield (here.not_run if problem == NO_IPV6 else here.failed)("xmpp.reachable", problem)
            else:
                yield here.ok("xmpp.reachable", "connected")
    if not any(target.reached for target in facts.targets):
        yield about.not_run("xmpp.reachable", "there is no address and port to connect to")


def _stream(about: About, facts: StreamFacts, now: datetime, chain_counts: bool) -> Iterator[Result]:
    here = About(about.domain, host_port(facts.address, facts.port))
    if facts.problem:
        yield here.failed("xmpp.stream", facts.problem)
        yield from here.none_run(PER_STREAM[1:], "there is no stream: xmpp.stream")
        return
    yield here.ok("xmpp.stream", "features came")
    if facts.verified is None:
        yield here.failed("xmpp.starttls", "not offered")
        yield from here.none_run(_BEHIND_TLS, "STARTTLS is not offered: xmpp.starttls")
    else:
        yield here.ok("xmpp.starttls", "required" if facts.required else "offered")
        yield from _certificate(here, facts, now, chain_counts)
    yield _dialback(here, facts)


def _certificate(here: About, facts: StreamFacts, now: datetime, chain_counts: bool) -> Iterator[Result]:
    shaken = facts.verified
    assert shaken is not None
    untrusted = shaken.error if shaken.verify_code else ""
    if shaken.error and not untrusted:
        yield here.failed("xmpp.handshake", shaken.error)
    else:
        yield here.ok("xmpp.handshake", f"{shaken.version}, {shaken.suite}" if shaken.ok else "a certificate was shown")
    try:
        chain = read_chain(shaken.chain) if shaken.chain else None
    except ChainError:
        chain = None
    if chain is None:
        yield from here.none_run(_CERTIFICATE, "no certificate was shown that can be read")
        return
    names, weaker = xmpp_names(chain.leaf), here.failed if chain_counts else here.warning
    yield (here.ok if speaks_for(names, here.domain) else here.failed)("xmpp.name", show_names(names) or "no names")
    yield weaker("xmpp.trusted", untrusted) if untrusted else here.ok("xmpp.trusted", "verified")
    wrong = out_of_date(chain, now)
    yield weaker("xmpp.dates", wrong) if wrong else here.ok("xmpp.dates", f"{chain.leaf.not_valid_after_utc:%Y-%m-%d}")


def _dialback(here: About, facts: StreamFacts) -> Result:
    if facts.dialback == "offered" or (facts.dialback == "declared" and not facts.external):
        return here.ok("xmpp.dialback", facts.dialback)
    if facts.dialback == "declared":
        return here.warning("xmpp.dialback", "declared, but SASL EXTERNAL is what is offered")
    if facts.refusal:
        return here.not_run("xmpp.dialback", f"no features behind TLS: {facts.refusal}")
    if facts.verified is not None and facts.verified.error:
        return here.not_run("xmpp.dialback", "no features behind TLS: xmpp.handshake")
    return here.failed("xmpp.dialback", "not offered")
