"""Verdicts on a certificate chain, whoever presents it: the other side (``tls``) or this one (``own``). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from cryptography.x509.oid import ExtensionOID

from sipedge.certificates.chain import (
    Chain,
    ends,
    is_self_issued,
    issuer_locations,
    issuer_of,
    key_of,
    name_of,
    out_of_date,
    signature_of,
)
from sipedge.doctor.facts.trust import Trust
from zones.key_usage import SIP_DOMAIN, UsageOutcome, check_usage
from zones.names import any_match, show_names
from zones.zone import ExtendedKeyUsage

from .forecast import SUNSETS, forecast
from .result import About, Result

LOSS_IS_NEAR = 365
"""Days before the loss of clientAuth from which it is a warning: partners have to be talked to."""

SIP_ONLY = "nothing but id-kp-sipDomain (RFC 5924): OpenSSL, GnuTLS and others ask for the usual usages and refuse it"
"""Seen with OpenSSL 3.0, for clients and servers: "unsuitable certificate purpose"."""


def check_names(about: About, chain: Chain, expected: Iterable[str], wildcards: bool) -> list[Result]:
    """``expected``: names of which one must be carried; () when any will do."""
    names, wanted = chain.identity.names, tuple(expected)
    carried = show_names(names)
    san = _san(about, chain)
    ids = ("tls.name", "tls.wildcard")
    if not wanted:
        return [san, *about.none_run(ids, "no particular name is expected")]
    if any_match(wanted, names, wildcards):
        return [san, about.ok("tls.name", carried), about.ok("tls.wildcard", carried)]
    if any_match(wanted, names, wildcards=True):
        only = about.not_run("tls.name", "only a wildcard covers the name: tls.wildcard")
        return [san, only, about.failed("tls.wildcard", carried, show_names(wanted))]
    return [san, about.failed("tls.name", carried, show_names(wanted)), about.ok("tls.wildcard", carried)]


def _san(about: About, chain: Chain) -> Result:
    if not chain.identity.names or not _has_san(chain):
        return about.warning("tls.san", f"no names in subjectAltName; common name {chain.identity.common_name!a}")
    return about.ok("tls.san", show_names(chain.identity.names))


def _has_san(chain: Chain) -> bool:
    return any(extension.oid == ExtensionOID.SUBJECT_ALTERNATIVE_NAME for extension in chain.leaf.extensions)


def is_complete(chain: Chain, trust: Trust) -> bool | None:
    """False when an intermediate is missing for sure: the last issuer is unknown here and no root (it has its own).

    None where nothing tells: the unknown issuer may be a private root, or an intermediate of a private CA.
    """
    last = chain.last
    if is_self_issued(last) or trust.knows(last.issuer):
        return True
    return False if issuer_locations(last) else None


def check_chain(about: About, chain: Chain, trust: Trust, refusal: str) -> list[Result]:
    """``refusal``: '' or why OpenSSL does not trust the chain."""
    names = " <- ".join(map(name_of, chain.sent))
    order = about.ok("tls.chain-order", names) if chain.ordered else about.warning("tls.chain-order", names)
    end = f"the chain ends at {name_of(chain.last)}; its issuer {issuer_of(chain.last)} is not sent"
    is_whole = is_complete(chain, trust)
    if is_whole is False:
        unknown = about.not_run("tls.trusted", "the chain is not complete: tls.chain-complete")
        return [order, about.failed("tls.chain-complete", end), unknown]
    complete = about.ok("tls.chain-complete", f"{len(chain.sent)} certificates")
    if is_whole is None:
        complete = about.not_run("tls.chain-complete", f"{end}, and whether that is a root cannot be told from here")
    if refusal:
        return [order, complete, about.failed("tls.trusted", f"{refusal}; issuer {issuer_of(chain.last)}")]
    return [order, complete, about.ok("tls.trusted", f"issuer {issuer_of(chain.last)}")]


def check_dates(prefix: str, about: About, chain: Chain, now: datetime, soon: int) -> list[Result]:
    """``soon``: days that a certificate should live on at least."""
    wrong = out_of_date(chain, now)
    if wrong:
        later = about.not_run(f"{prefix}.expiry", f"not valid today: {prefix}.dates")
        return [about.failed(f"{prefix}.dates", wrong), later]
    end = ends(chain)
    days = (end - now).days
    seen = f"valid until {end:%Y-%m-%d}, {days} days from now"
    verdict = about.ok if days >= soon else about.warning
    return [
        about.ok(f"{prefix}.dates", f"valid until {end:%Y-%m-%d}"),
        verdict(f"{prefix}.expiry", seen, days=days),
    ]


def check_strength(prefix: str, about: About, chain: Chain) -> Iterator[Result]:
    """Key of the leaf; signatures of all but a root, whose own signature nobody checks."""
    key, good = key_of(chain.leaf)
    yield (about.ok if good else about.failed)(f"{prefix}.key", key)
    roots = [certificate for certificate in chain.path[1:] if is_self_issued(certificate)]
    signatures = [signature_of(certificate) for certificate in chain.path if certificate not in roots]
    words = ", ".join(dict.fromkeys(word for word, _ in signatures))
    yield (about.ok if all(good for _, good in signatures) else about.failed)(f"{prefix}.signature", words)


def check_server_auth(about: About, chain: Chain) -> Result:
    if _is_for_sip_only(chain):
        return about.warning("tls.server-auth", SIP_ONLY, "serverAuth beside it")
    return _usage("tls.server-auth", about, chain, inbound=False)


def check_client_auth(prefix: str, about: About, chain: Chain, trust: Trust, now: datetime) -> list[Result]:
    usage = _usage(f"{prefix}.client-auth", about, chain, inbound=True)
    return [usage, _forecast(prefix, about, chain, trust, now, may=usage.verdict.value == "ok")]


def _usage(id: str, about: About, chain: Chain, *, inbound: bool) -> Result:
    """By the rule of zones."""
    presented = chain.identity.key_usages
    usage = check_usage(ExtendedKeyUsage.STRICT, inbound=inbound, presented=presented)
    if usage.outcome is not UsageOutcome.OK:
        return about.failed(id, usage.text)
    if presented is None:
        return about.ok(id, "no extended key usage, so any")
    return about.ok(
        id, "id-kp-sipDomain, which zones take for both (RFC 5924)" if _is_for_sip_only(chain) else "present"
    )


def _is_for_sip_only(chain: Chain) -> bool:
    return chain.identity.key_usages == frozenset((SIP_DOMAIN,))


def _forecast(prefix: str, about: About, chain: Chain, trust: Trust, now: datetime, *, may: bool) -> Result:
    id = f"{prefix}.client-auth-forecast"
    if not may:
        return about.not_run(id, f"there is no clientAuth already: {prefix}.client-auth")
    if _is_for_sip_only(chain):
        return about.warning(id, SIP_ONLY, "clientAuth beside it")
    last = chain.last
    if not (trust.is_public(last.issuer) or trust.is_public(last.subject)):
        return about.ok(id, "no public CA known to this system issued it; private CAs go on issuing clientAuth")
    leaf = chain.leaf
    lost = forecast(leaf.not_valid_before_utc, leaf.not_valid_after_utc)
    dates = ", ".join(
        f"{day:%Y-%m-%d} when CAs stop on {sunset:%Y-%m-%d}" for day, sunset in zip(lost, SUNSETS, strict=True)
    )
    days = (lost[0] - now).days
    verdict = about.warning if days < LOSS_IS_NEAR else about.ok
    return verdict(id, f"renewed on its last day, the certificate loses clientAuth on {dates}", days=days)
