"""Verdicts on what handshakes with one address showed. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from sipedge.certificates.chain import Chain, ChainError, read_chain
from sipedge.doctor.facts.endpoint import EndpointFacts, Handshake
from sipedge.doctor.facts.options import Options
from sipedge.doctor.facts.trust import Trust
from zones.addresses import host_port

from .certificate import check_chain, check_client_auth, check_dates, check_names, check_server_auth, check_strength
from .result import About, Result
from .table import ids

OLD = ("TLS 1.0", "TLS 1.1")
PER_ADDRESS = tuple(id for id in ids("tls.") if id not in ("tls.same-certificate", "tls.revocation"))
"""What is judged for each address on its own."""
_CERTIFICATE = tuple(
    id
    for id in PER_ADDRESS
    if id not in ("tls.handshake", "tls.client-certificate", "tls.versions", "tls.suites", "tls.sni")
)


def about_endpoint(facts: EndpointFacts) -> About:
    return About(facts.endpoint.domain, host_port(facts.endpoint.address, facts.endpoint.port))


def chain_of(facts: EndpointFacts) -> Chain | None:
    """The chain that was shown; None when there is none to read."""
    return _chain_shown(facts.main)


def _chain_shown(handshake: Handshake) -> Chain | None:
    try:
        return read_chain(handshake.chain) if handshake.chain else None
    except ChainError:
        return None


def check_endpoint(facts: EndpointFacts, options: Options, trust: Trust, *, client_auth: bool) -> list[Result]:
    """``client_auth``: take the certificate seen for the one that the domain presents to partners."""
    about = about_endpoint(facts)
    results = [_handshake(about, facts, options.client is not None), _mutual(about, facts), *_offers(about, facts)]
    chain = chain_of(facts)
    if chain is None:
        why = "the certificate cannot be read" if facts.main.chain else "no certificate was shown"
        return [*results, about.not_run("tls.sni", why), *about.none_run(_CERTIFICATE, why)]
    return [*results, _sni(about, facts, chain), *_certificate(about, facts, chain, options, trust, client_auth)]


def _handshake(about: About, facts: EndpointFacts, has_certificate: bool) -> Result:
    main = facts.main
    if main.ok:
        return about.ok("tls.handshake", f"{main.version}, {main.suite}")
    if not any(facts.versions.get(version) for version in ("TLS 1.2", "TLS 1.3")) and any(facts.versions.values()):
        return about.not_run("tls.handshake", "no common version: tls.versions")
    if main.chain and not has_certificate:
        return about.not_run("tls.handshake", "the server wants a client certificate: give --client-certificate")
    return about.failed("tls.handshake", main.error)


def _mutual(about: About, facts: EndpointFacts) -> Result:
    if facts.bare.ok:
        return about.warning("tls.client-certificate", "a connection without client certificate is let in")
    if facts.bare.chain:
        return about.ok("tls.client-certificate", f"refused without one: {facts.bare.error}")
    return about.not_run("tls.client-certificate", f"no handshake: {facts.bare.error}")


def _offers(about: About, facts: EndpointFacts) -> Iterator[Result]:
    spoken = [name for name, yes in facts.versions.items() if yes]
    old = [name for name in spoken if name in OLD]
    if not spoken:
        yield from about.none_run(("tls.versions", "tls.suites"), f"no handshake: {facts.main.error}")
        return
    if "TLS 1.2" not in spoken:
        yield about.failed("tls.versions", ", ".join(spoken))
        yield about.not_run("tls.suites", "TLS 1.2 is not offered: tls.versions")
        return
    yield (about.warning if old else about.ok)("tls.versions", ", ".join(spoken))
    if facts.suites.chain:
        yield about.ok("tls.suites", facts.suites.suite or "accepted")
    else:
        yield about.failed("tls.suites", f"refused: {facts.suites.error}; taken otherwise: {facts.main.suite}")


def _sni(about: About, facts: EndpointFacts, chain: Chain) -> Result:
    other = _chain_shown(facts.without_sni)
    if other is None:
        why = facts.without_sni.error or "it cannot be read"
        return about.warning("tls.sni", f"no certificate without SNI: {why}")
    if other.identity.fingerprint == chain.identity.fingerprint:
        return about.ok("tls.sni", "the same certificate")
    missing = set(facts.endpoint.names) & set(chain.identity.names) - set(other.identity.names)
    if missing:
        return about.warning("tls.sni", f"another certificate, without {', '.join(sorted(missing))}")
    return about.ok("tls.sni", "another certificate with the name")


def _certificate(
    about: About, facts: EndpointFacts, chain: Chain, options: Options, trust: Trust, client_auth: bool
) -> Iterator[Result]:
    endpoint, now = facts.endpoint, options.now
    yield from check_names(about, chain, endpoint.names, endpoint.wildcards)
    yield from check_chain(about, chain, trust, _refusal(facts.verified))
    yield from check_dates("tls", about, chain, now, options.bounds.expiry_days)
    yield from check_strength("tls", about, chain)
    yield _server_auth(about, chain, options)
    if client_auth:
        yield from check_client_auth("tls", about, chain, trust, now)
    else:
        why = "the certificate for outgoing connections is not looked at here"
        yield from about.none_run(("tls.client-auth", "tls.client-auth-forecast"), why)


def _server_auth(about: About, chain: Chain, options: Options) -> Result:
    if not options.direction.inbound:
        return about.not_run("tls.server-auth", "only connections from the domain are looked at")
    return check_server_auth(about, chain)


def _refusal(verified: Handshake) -> str:
    """Why OpenSSL does not trust the chain; '' when it does, or when something else ended the handshake."""
    return verified.error if verified.verify_code else ""


def check_same(domain: str, facts: list[EndpointFacts]) -> Result:
    """All addresses of one name."""
    about = About(domain, facts[0].endpoint.server_name)
    shown = {about_endpoint(each).subject: chain for each in facts if (chain := chain_of(each)) is not None}
    if len(shown) < 2:
        return about.not_run("tls.same-certificate", "fewer than two addresses showed a certificate")
    prints = {chain.identity.fingerprint for chain in shown.values()}
    if len(prints) == 1:
        return about.ok("tls.same-certificate", f"{len(shown)} addresses")
    listed = "; ".join(f"{place}: {_brief(chain)}" for place, chain in shown.items())
    return about.warning("tls.same-certificate", f"{len(prints)} different ones: {listed}")


def _brief(chain: Chain) -> str:
    return f"{chain.identity.fingerprint[:16]} until {chain.identity.not_after:%Y-%m-%d}"
