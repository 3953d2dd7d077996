"""Verdicts on the certificate that is presented to partners. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from sipedge.certificates.chain import Chain, issuer_of, name_of, signature_of
from sipedge.doctor.facts.domain import DomainFacts
from sipedge.doctor.facts.options import Options
from sipedge.doctor.facts.own import OwnCertificate
from sipedge.doctor.facts.trust import Trust
from zones.names import any_match, show_names
from zones.zone import Topology

from .certificate import check_client_auth, check_dates, check_strength, is_complete
from .result import About, Result
from .table import ids

_AFTER_FILES = tuple(id for id in ids("own.") if id != "own.files")


def check_own(own: OwnCertificate, options: Options, trust: Trust) -> Iterator[Result]:
    about = About("this side", own.file)
    if own.chain is None:
        yield about.failed("own.files", own.problem)
        yield from about.none_run(_AFTER_FILES, "the certificate cannot be presented: own.files")
        return
    chain = own.chain
    yield about.ok("own.files", name_of(chain.leaf))
    yield _chain(about, chain, trust)
    yield from _system_name(about, chain, options)
    yield from check_dates("own", about, chain, options.now, options.bounds.expiry_days)
    yield from check_strength("own", about, chain)
    if options.direction.outbound:
        yield from check_client_auth("own", about, chain, trust, options.now)
    else:
        yield from about.none_run(
            ("own.client-auth", "own.client-auth-forecast"), "only calls to the domain are looked at"
        )


def _chain(about: About, chain: Chain, trust: Trust) -> Result:
    """Without a handshake: order, and a last certificate that is trusted or whose issuer is."""
    last = chain.last
    if not chain.ordered:
        return about.warning("own.chain", " <- ".join(map(name_of, chain.sent)), "own, issuer, its issuer")
    if is_complete(chain, trust) is False:
        return about.failed("own.chain", f"the issuer {issuer_of(last)} is not in the file")
    if trust.knows(last.issuer) and _issued(chain):
        return about.ok("own.chain", f"issuer {issuer_of(last)}")
    return about.failed("own.chain", f"it leads to {issuer_of(last)}, not among the trusted CAs")


def _system_name(about: About, chain: Chain, options: Options) -> Iterator[Result]:
    """Nothing where no zone is hidden: then nobody is led to the edge by this name."""
    settings = options.settings
    if settings is None or all(zone.topology is Topology.OPEN for zone in settings.zones):
        return
    names = chain.identity.names
    if any_match([settings.system_name], names, wildcards=False):
        yield about.ok("own.system-name", f"{show_names([settings.system_name])} is in {show_names(names)}")
    else:
        yield about.failed("own.system-name", show_names(names), show_names([settings.system_name]))


def _issued(chain: Chain) -> bool:
    """Whether each certificate was signed by the next one, as far as its algorithm is one that can be checked."""
    for certificate, issuer in pairwise(chain.path):
        try:
            if signature_of(certificate)[1]:  # else own.signature says so
                certificate.verify_directly_issued_by(issuer)
        except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
            return False
    return True


def speaks_for(own: OwnCertificate, options: Options, domain: str) -> bool:
    """Whether the presented certificate is the examined domain's own."""
    if options.own_domains or own.chain is None:
        return domain in options.own_domains
    return any(name.partition(".")[2] == domain for name in own.chain.identity.names)


def check_from(own: OwnCertificate | None, facts: DomainFacts) -> Result:
    """``facts``: of a domain that this side sends from. A partner's Edge checks From in the same way."""
    about = About(facts.domain, own.file if own is not None else "")
    if own is None or own.chain is None:
        return about.not_run("sip.from", "no client certificate is known: give --client-certificate")
    if facts.chosen is None:
        return about.not_run("sip.from", "the domain has no SRV record: dns.srv")
    target, names = facts.chosen.target, own.chain.identity.names
    if any_match([target], names, wildcards=False):
        return about.ok("sip.from", f"{show_names([target])} is in {show_names(names)}")
    return about.failed("sip.from", show_names(names), show_names([target]))
