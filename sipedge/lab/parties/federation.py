"""What a Skype for Business Edge demands of a partner before it talks: pure rules, each failure with its diagnostics.

The rules are those that Microsoft's Edge is known by: one SRV record counts, its target lies in exactly the SIP
domain, the certificate carries the target's name. Towards the partner every failure is the same bare 504; the number
and the words are for the Edge's own log and for its own users.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

SERVICE = "_sipfederationtls._tcp."


@dataclass(frozen=True, slots=True)
class Srv:
    priority: int
    weight: int
    port: int
    target: str
    """Without the final dot."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a partner is refused; ``number`` is the ms-diagnostics code."""

    number: int
    reason: str
    fields: tuple[tuple[str, str], ...] = ()

    def header(self, source: str) -> str:
        """The value of ms-diagnostics as a user of ``source`` sees it."""
        parts = [str(self.number), f'reason="{self.reason}"']
        parts += [f'{name}="{value}"' for name, value in self.fields]
        return ";".join([*parts, f'source="{source}"'])


def choose(records: list[Srv]) -> Srv | None:
    """Lowest priority, then highest weight; all other records are ignored for good."""
    return min(records, key=lambda item: (item.priority, -item.weight, item.target), default=None)


def in_domain(target: str, domain: str) -> bool:
    """Whether a host lies in exactly the domain: one label before it, neither a subdomain's nor another's."""
    return target.lower().partition(".")[2] == domain.lower()


def check_srv(domain: str, records: list[Srv]) -> Srv | Fault:
    """The one record that counts for a domain, or 1008 (none) or 1009 (target elsewhere)."""
    chosen = choose(records)
    if chosen is None:
        return Fault(1008, "Unable to resolve DNS SRV record", (("domain", domain),))
    if not in_domain(chosen.target, domain):
        fields = (("domain", domain), ("fqdn1", f"{chosen.target}:{chosen.port}"))
        return Fault(1009, "No match for domain in DNS SRV results", fields)
    return chosen


def check_certificate(target: str, names: tuple[str, ...]) -> Fault | None:
    """``names`` as the peer presents them (SAN, else CN). Wildcards don't count."""
    if target.lower() in names:
        return None
    return _untrusted(
        "The peer certificate does not contain a matching FQDN",
        target,
        names[0] if names else "",
        "0x80090322(SEC_E_WRONG_PRINCIPAL)",
    )


def untrusted_chain(target: str, expired: bool = False) -> Fault:
    """1010 for a handshake that failed on the certificate itself."""
    if expired:
        return _untrusted("The peer certificate is expired", target, target, "0x80090328(SEC_E_CERT_EXPIRED)")
    return _untrusted(
        "The peer certificate is not chained off a trusted root", target, target, "0x80090325(SEC_E_UNTRUSTED_ROOT)"
    )


def no_address(target: str) -> Fault:
    return Fault(1014, "Unable to resolve DNS A record", (("tls-target", target),))


def unreachable(target: str) -> Fault:
    return Fault(1007, "Temporarily cannot route", (("tls-target", target),))


def _untrusted(error: str, target: str, peer: str, result: str) -> Fault:
    fields = (("ErrorType", error), ("tls-target", target), ("PeerServer", peer), ("HRESULT", result))
    return Fault(1010, "Certificate trust with another server could not be established", fields)


class Rate:
    """Messages a second that a discovered partner may send (DiscoveredPartnerStandardRate)."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._times: deque[float] = deque(maxlen=max(limit, 1))

    def admit(self, now: float) -> bool:
        """False: more than ``limit`` messages in the last second; a refused one does not count."""
        if len(self._times) == self._times.maxlen and now - self._times[0] < 1.0:
            return False
        self._times.append(now)
        return True
