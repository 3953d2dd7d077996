"""Who may write one domain into From: the peers that a zone lets in, asked by the judgement of the edge itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dialplan.analysis import NotProved, Sender
from dialplan.cases.claims_proof import Voice
from sipedge.decision.speaking import FederationTargets, FromPolicy, judge
from sipedge.decision.validation import Refusal
from sipedge.settings import Settings
from sipedge.sip.message import parse_message
from zones.authentication import Authentication, authenticate
from zones.names import PeerNames, any_match, plain_host
from zones.table import ZoneTable, expected_names
from zones.zone import AnyZone, DefaultZone, DnsZone, Transport

from .entrances import Entrance, entrances_of

REQUEST = "MESSAGE sip:x@{0} SIP/2.0\r\nFrom: <sip:somebody@{0}>;tag=1\r\n\r\n"
NOBODY = 'nobody that zone "{}" lets in may write @{} into From'


class ZoneVoices:
    """The zones of a configuration, as ``Voices``. Each question is answered once: to find names takes a while."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._table = ZoneTable(settings.zones)
        self._own = frozenset(map(plain_host, settings.domains))
        self._answers: dict[tuple[str, str], str | Refusal | None] = {}
        listens = any(listener.transport == "TLS" for listener in settings.listeners)
        self._tls = listens or any(isinstance(zone, DnsZone) for zone in settings.zones)
        """Strangers may show certificates: what they ask for on connections that the edge opened counts as theirs."""

    def __call__(self, sender: Sender, domain: str) -> Voice:
        """``domain``: in its one spelling (``plain_host``). Raises NotProved where no peer's name is found."""
        zone = self._table.get(sender.name)
        if zone is None or not sender.sends:
            return Voice(sender)
        how = self.asked(zone.name, domain)
        if not isinstance(how, str):
            why = f" ({how.status} {how.reason})" if how else ""
            silent = NOBODY.format(zone.name, domain) + why
            return Voice(replace(sender, authenticated=frozenset(), silent=silent))
        answers = self._authentications(zone, domain)
        authenticated = {answer.authenticated for answer in answers}
        if not FromPolicy.of(zone, self._own).judges and any(answer.challenge for answer in answers):
            authenticated.add(False)  # who cannot be challenged goes on as a stranger's (ACK, BENOTIFY)
        return Voice(replace(sender, authenticated=frozenset(authenticated)), how)

    def _authentications(self, zone: AnyZone, domain: str) -> list[Authentication]:
        policy, trust, local = zone.authentication_policy, zone.authentication_trust, domain in self._own
        return [authenticate(policy, trust=trust, local=local, asserted=asserted) for asserted in (False, True)]

    def asked(self, zone_name: str, domain: str) -> str | Refusal | None:
        """One sentence: who in a zone may write the domain; a refusal where nobody may; None where nobody is let in.

        Raises NotProved.
        """
        key = zone_name, domain
        if key not in self._answers:
            self._answers[key] = self._asked(self._table[zone_name], domain)
        return self._answers[key]

    def _asked(self, zone: AnyZone, domain: str) -> str | Refusal | None:
        challenge = any(answer.challenge for answer in self._authentications(zone, domain))
        password = challenge and bool(self._settings.credentials)
        asking = _Asking(FromPolicy.of(zone, self._own), password, domain)
        refusal: Refusal | None = None
        unnamed = []
        for entrance in entrances_of(zone, self._settings.plan.variables):
            for names in self._candidates(zone, entrance, domain):
                found = asking.answer(names)
                if not isinstance(found, Refusal):
                    secret = " and a password of [[credential]]" if password else ""
                    return f"a peer {found}{secret} may write From: sip:somebody@{domain}"
                refusal = found
            if entrance.unproved:
                unnamed.append(entrance.who)
        if unnamed and not isinstance(asking.answer((domain,)), Refusal):
            raise NotProved(f"no name of a peer is known for {unnamed[0]}")
        return refusal

    def _candidates(self, zone: AnyZone, entrance: Entrance, domain: str) -> Iterator[tuple[str, ...]]:
        """Names of certificates with which a peer comes in; () is a peer without one."""
        if self._tls or not (isinstance(zone, DefaultZone) or zone.transport == "TCP"):
            named = (entrance.example,) if entrance.example else ()
            for names in ((domain,), (*named, domain), named):
                if names and self._lets_in(zone, names, "TLS"):
                    yield names
        if self._lets_in(zone, (), zone.transport):
            yield ()

    def _lets_in(self, zone: AnyZone, names: tuple[str, ...], transport: Transport) -> bool:
        if isinstance(zone, DefaultZone | DnsZone):
            ingress = self._table.ingress(
                listener_zone="", transport=transport, peer_address="", names=names, has_certificate=bool(names)
            )
            return not ingress.refused and ingress.zone == zone.name
        if transport == "TCP":
            return True
        return bool(names) and (not zone.tls.verify or any_match(expected_names(zone), names, zone.tls.wildcards))


class _Asking:
    """The edge's own judgement of one domain in From, by one policy."""

    def __init__(self, policy: FromPolicy, password: bool, domain: str) -> None:
        self._policy, self._password, self._domain = policy, password, domain
        self._message = parse_message(REQUEST.format(domain).encode())

    def answer(self, names: tuple[str, ...]) -> str | Refusal:
        """The certificate that lets a peer write the domain, in a few words, or the refusal. ``names``: in it."""
        shown = f"with the certificate {' and '.join(names)}" if names else "without a certificate"
        verdict = self._judged(names, None)
        if not verdict:
            return shown
        if not isinstance(verdict, Refusal):
            verdict = self._judged(names, FederationTargets(frozenset(names)))
            shown += f", to which the federation SRV record of {self._domain} leads,"
        return verdict if isinstance(verdict, Refusal) else shown

    def _judged(self, names: tuple[str, ...], said: FederationTargets | None) -> Refusal | tuple[str, ...]:
        return judge(self._policy, self._message, PeerNames(names), self._password, lambda _: said)
