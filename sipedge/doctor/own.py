"""The certificate that is presented to partners, read from its files as a partner will see it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from sipedge.doctor.checks.certificate import check_client_auth, check_dates, check_strength, is_complete
from sipedge.doctor.checks.result import About, Result
from sipedge.doctor.checks.table import ids
from sipedge.doctor.probes.chain import Chain, ChainError, issuer_of, name_of, read_chain, signature_of
from sipedge.doctor.probes.domain import DomainFacts
from sipedge.doctor.probes.options import Options
from sipedge.doctor.probes.probe import looking_context
from sipedge.doctor.probes.trust import Trust
from sipedge.network.tls import openssl_reason
from sipedge.settings import Certificate
from zones.names import any_match, show_names

_AFTER_FILES = tuple(id for id in ids("own.") if id != "own.files")
_LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class OwnCertificate:
    file: str
    chain: Chain | None
    problem: str = ""
    """Why it cannot be presented."""


def read_own(client: Certificate) -> OwnCertificate:
    """The files once, before anything is connected to."""
    try:
        with Path(client.certificate).open("rb") as stream:
            certificates = x509.load_pem_x509_certificates(stream.read(_LARGEST))
        chain = read_chain(tuple(one.public_bytes(Encoding.DER) for one in certificates))
        looking_context(client)
    except ssl.SSLError as error:
        reason = "the key does not belong to it" if error.reason == "KEY_VALUES_MISMATCH" else openssl_reason(error)
        return OwnCertificate(client.certificate, None, reason)
    except OSError as error:
        return OwnCertificate(client.certificate, None, f"{error.filename or client.key}: {error.strerror}")
    except ChainError as error:
        return OwnCertificate(client.certificate, None, str(error))
    except ValueError:
        return OwnCertificate(client.certificate, None, "it holds no certificate in PEM form")
    return OwnCertificate(client.certificate, chain)


def check_own(own: OwnCertificate, options: Options, trust: Trust) -> Iterator[Result]:
    about = About("this side", own.file)
    if own.chain is None:
        yield about.failed("own.files", own.problem)
        yield from about.none_run(_AFTER_FILES, "the certificate cannot be presented: own.files")
        return
    chain = own.chain
    yield about.ok("own.files", name_of(chain.leaf))
    yield _chain(about, chain, trust)
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
        return about.warning("own.chain", " <- ".join(name_of(one) for one in chain.sent), "own, issuer, its issuer")
    if not is_complete(chain, trust):
        return about.failed("own.chain", f"the issuer {issuer_of(last)} is not in the file")
    if trust.knows(last.issuer) and _issued(chain):
        return about.ok("own.chain", f"issuer {issuer_of(last)}")
    return about.failed("own.chain", f"it leads to {issuer_of(last)}, not among the trusted CAs")


def _issued(chain: Chain) -> bool:
    """Whether each certificate was signed by the next one, as far as its algorithm is one that can be checked."""
    for one, issuer in zip(chain.path, chain.path[1:], strict=False):
        try:
            if signature_of(one)[1]:  # else own.signature says so
                one.verify_directly_issued_by(issuer)
        except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
            return False
    return True


def speaks_for(own: OwnCertificate, options: Options, domain: str) -> bool:
    """Whether the presented certificate is the examined domain's own."""
    if options.own_domains or own.chain is None:
        return domain in options.own_domains
    return any(name.partition(".")[2] == domain for name in own.chain.identity.names)


def check_from(own: OwnCertificate | None, facts: DomainFacts) -> Result:
    """``facts``: of a domain that this side sends from. What a partner's Edge does with From (MS federation)."""
    about = About(facts.domain, own.file if own is not None else "")
    if own is None or own.chain is None:
        return about.not_run("sip.from", "no client certificate is known: give --client-certificate")
    if facts.chosen is None:
        return about.not_run("sip.from", "the domain has no SRV record: dns.srv")
    target, names = facts.chosen.target, own.chain.identity.names
    if any_match([target], names, wildcards=False):
        return about.ok("sip.from", f"{show_names([target])} is in {show_names(names)}")
    return about.failed("sip.from", show_names(names), show_names([target]))
