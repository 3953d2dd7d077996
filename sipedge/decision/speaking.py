"""Who may write whose domain into From: one pure judgement, which the edge, replay and queries share.

A certificate says who the peer is, not for whom it may speak. Here both are compared: the domain in From (and in
P-Asserted-Identity where the zone believes it) must be a name of the certificate, or one whose federation SRV record
leads to such a name. What the DNS says is an argument; the judgement asks for what it lacks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sipedge.sip.message import Message
from sipedge.sip.uri import UriError, parse_uri
from sipedge.sip.values import uri_of
from zones.names import PeerNames, plain_host
from zones.zone import AnyZone, DefaultZone, DnsZone, FromDomain

from .validation import Refusal

MAX_IDENTITIES = 8
"""Values of P-Asserted-Identity that are looked at; RFC 3325 9.1 allows two."""
NO_ANSWER = 504


@dataclass(frozen=True, slots=True)
class FederationTargets:
    """What the DNS said of a domain's federation SRV records."""

    targets: frozenset[str] = frozenset()
    """Host names in their one spelling."""
    answered: bool = True
    """False: some question had no answer, so that there may be more targets."""


Known = Callable[[str], FederationTargets | None]
"""Domain -> what is known of it, None where it has to be asked for."""


def nothing_known(_domain: str) -> None:
    """For who asks no DNS."""


@dataclass(frozen=True, slots=True)
class FromPolicy:
    """One zone's policy, made ready."""

    kind: FromDomain
    listed: frozenset[str]
    barred: frozenset[str]
    """Domains that nobody there may write without a password: the edge's own, in zones outside."""
    wildcards: bool
    believes_identity: bool

    @classmethod
    def of(cls, zone: AnyZone, own_domains: frozenset[str]) -> FromPolicy:
        listed = frozenset(map(plain_host, zone.from_domains))
        barred = own_domains - listed if isinstance(zone, DnsZone | DefaultZone) else frozenset[str]()
        return cls(zone.from_domain, listed, barred, zone.tls.wildcards, zone.authentication_trust)

    @property
    def judges(self) -> bool:
        """Whether it refuses anything at all."""
        return self.kind is not FromDomain.ANY or bool(self.barred)


def judge(
    policy: FromPolicy, message: Message, names: PeerNames | None, password: bool, known: Known
) -> Refusal | tuple[str, ...]:
    """A refusal, or the domains to ask the DNS for before it can be said; () allows the request.

    ``names``: of the peer's certificate; None: not known, and what needs them is not judged. ``password``: the sender
    has to prove with one that it is of its own domain.
    """
    verdict = _of_host(policy, "From", host_of(message.first("from") or ""), names, password, known)
    if isinstance(verdict, Refusal):
        return verdict
    unknown = {verdict} if verdict else set()
    if policy.believes_identity and "p-asserted-identity" in message.index:
        for item in message.items("p-asserted-identity")[:MAX_IDENTITIES]:
            verdict = _of_host(policy, "P-Asserted-Identity", host_of(item), names, password, known)
            if isinstance(verdict, Refusal):
                return verdict
            unknown |= {verdict} - {""}
    return tuple(sorted(unknown))


def host_of(value: str) -> str:
    """The host in a From or P-Asserted-Identity, '' when it has none."""
    try:
        return parse_uri(uri_of(value)).host
    except UriError:
        return ""


def _of_host(
    policy: FromPolicy, header: str, host: str, names: PeerNames | None, password: bool, known: Known
) -> Refusal | str:
    """A refusal, the domain to ask for, or '' for a host that may be named."""
    if host in policy.barred:
        return "" if password else Refusal(403, f"{header} names {host}, for which nobody outside may speak")
    if policy.kind is FromDomain.ANY:
        return ""
    if not host:
        return Refusal(403, f"{header} names no domain")
    if host not in policy.listed and (policy.kind is FromDomain.LIST or policy.listed):
        return Refusal(403, f"{header} names {host}, which is not agreed for this peer (from_domains)")
    if policy.kind is FromDomain.LIST or names is None or names.carries(host, policy.wildcards):
        return ""
    if not names:
        return Refusal(403, f"{header} names {host}, but the peer shows no certificate that could vouch for it")
    return _by_dns(policy, header, host, names, known)


def _by_dns(policy: FromPolicy, header: str, host: str, names: PeerNames, known: Known) -> Refusal | str:
    answer = known(host)
    if answer is None:
        return host
    if any(names.carries(target, policy.wildcards) for target in answer.targets):
        return ""
    if not answer.answered:
        return Refusal(NO_ANSWER, f"the DNS did not say in time which servers may speak for {host}")
    mend = f"publish _sipfederationtls._tcp.{host} for a name in it, or put {host} into it"
    return Refusal(403, f"{header} names {host}, for which this certificate does not vouch: {mend}")
