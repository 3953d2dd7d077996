"""Verdicts on a published web service. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sipedge.certificates.chain import Chain, ChainError, out_of_date, read_chain
from sipedge.doctor.facts.endpoint import Handshake
from sipedge.doctor.facts.web import WebFacts, addresses
from zones.addresses import PUBLIC, forbidden, host_port
from zones.names import any_match, show_names

from .result import About, Result


def check_web(facts: WebFacts, now: datetime) -> list[Result]:
    about = About(facts.name.name)
    return [
        *_outside(about, facts),
        _inside(about, facts),
        _leak(about, facts),
        *_certificates(about, facts, now),
        *_behind(about, facts, now),
        _discover(about, facts),
    ]


def _outside(about: About, facts: WebFacts) -> Iterator[Result]:
    found = addresses(facts.outside)
    if not found:
        silent = facts.outside[0].silent
        yield (about.not_run if silent else about.failed)("web.outside", facts.outside[0].words)
        yield about.not_run("web.edge", "it has no address")
        return
    text = ", ".join(found)
    yield about.ok("web.outside", text)
    if set(found) <= set(facts.name.listens):
        yield about.ok("web.edge", text)
    elif any(forbidden(address, PUBLIC) for address in facts.name.listens):
        yield about.not_run("web.edge", f"the edge listens on {', '.join(facts.name.listens)}: a NAT is before it")
    else:
        yield about.failed("web.edge", text, f"only {', '.join(facts.name.listens)}")


def _inside(about: About, facts: WebFacts) -> Result:
    if not facts.name.is_guest_uri:
        return _inside_of_rule(about, facts)
    if facts.found_inside is not None and facts.found_inside.services:
        targets = show_names([record.target for record in facts.found_inside.services])
        return about.ok("web.inside", f"service records: {targets}")
    seen = addresses(facts.inside if facts.inside is not None else facts.outside)
    if not seen:
        return about.failed("web.inside", "neither service records nor an address")
    own = [address for address in seen if address in facts.name.listens]
    return about.failed("web.inside", f"{', '.join(own)}: the edge") if own else about.ok("web.inside", ", ".join(seen))


def _inside_of_rule(about: About, facts: WebFacts) -> Result:
    """Its servers are in the configuration: who asks inside are clients there."""
    if facts.inside is None:
        return about.not_run("web.inside", "no inside view is known (dns_servers)")
    seen = addresses(facts.inside)
    if not seen:
        return about.warning("web.inside", facts.inside[0].words)
    own = [address for address in seen if address in facts.name.listens]
    return (
        about.warning("web.inside", f"{', '.join(own)}: the edge") if own else about.ok("web.inside", ", ".join(seen))
    )


def _leak(about: About, facts: WebFacts) -> Result:
    if facts.leak is None:
        return about.not_run("web.leak", "it is no guest URI")
    if facts.inside is None:
        return about.not_run("web.leak", "no inside view is known (dns_servers), so the record has to be outside")
    if facts.leak.services:
        return about.warning("web.leak", show_names([record.target for record in facts.leak.services]))
    return about.not_run("web.leak", facts.leak.words) if facts.leak.silent else about.ok("web.leak", facts.leak.words)


def _certificates(about: About, facts: WebFacts, now: datetime) -> Iterator[Result]:
    if not facts.shown:
        yield about.not_run("web.certificate", "there is no address to connect to")
    for address, shaken in facts.shown:
        here = About(about.domain, host_port(address, facts.name.port))
        wrong = _wrong(shaken, facts.name.name, now)
        yield here.failed("web.certificate", wrong) if wrong else here.ok("web.certificate", "verified")


def _behind(about: About, facts: WebFacts, now: datetime) -> Iterator[Result]:
    if not facts.behind:
        yield about.not_run("web.behind", "no server behind has an address")
    for server, address, shaken in facts.behind:
        here = About(about.domain, host_port(address, server.port))
        wrong = _wrong(shaken, server.certified, now)
        yield here.failed("web.behind", wrong) if wrong else here.ok("web.behind", f"verified as {server.certified}")


def _wrong(shaken: Handshake, name: str, now: datetime) -> str:
    """What a verifying client dislikes; '' for nothing."""
    chain = _chain(shaken)
    if not shaken.ok or chain is None:
        return shaken.error or "no certificate was shown that can be read"
    if dates := out_of_date(chain, now):
        return dates
    names = chain.identity.names
    return "" if any_match([name], names, wildcards=True) else f"{show_names(names) or 'no names'}, and not {name}"


def _chain(shaken: Handshake) -> Chain | None:
    try:
        return read_chain(shaken.chain) if shaken.chain else None
    except ChainError:
        return None


def _discover(about: About, facts: WebFacts) -> Result:
    if not about.domain.startswith("lyncdiscover."):
        return about.not_run("web.discover", "it is not lyncdiscover")
    if not facts.discovered:
        return about.not_run("web.discover", "there is no address to ask")
    good = facts.discovered.startswith("HTTP/1.1 200")
    return (about.ok if good else about.failed)("web.discover", facts.discovered)
