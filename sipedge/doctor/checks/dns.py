"""Verdicts on what the DNS says of a SIP domain, its services and a zone's peers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_address

from sipedge.doctor.facts.dns import DnsAnswer
from sipedge.doctor.facts.domain import NO_IPV6, DomainFacts, TargetFacts
from zones.addresses import canonical_address, host_port
from zones.dns import SrvRecord
from zones.names import host_name, show_names

from .result import About, Result

LONGEST_TTL = 86400
FEDERATION_PORT = 5061
USUAL_PORTS = {"_sips._tcp": 5061, "_sip._tcp": 5060, "_xmpp-server._tcp": 5269, "_cms-web._tls": 443}
_AFTER_SRV = (
    "dns.srv-single",
    "dns.srv-port",
    "dns.srv-domain",
    "dns.target-name",
    "dns.target-alias",
    "dns.target-address",
    "dns.ipv4",
    "dns.address-public",
    "dns.reachable",
    "dns.ttl",
)
_AFTER_NAME = ("dns.target-alias", "dns.target-address", "dns.ipv4", "dns.address-public", "dns.reachable")


def show(record: SrvRecord) -> str:
    return f"{record.priority} {record.weight} {record.port} {show_names([record.target])}"


def in_domain(target: str, domain: str) -> bool:
    """Whether a host lies in exactly the domain: one label before it, neither in a sub-domain nor elsewhere."""
    return host_name(target).partition(".")[2] == domain


def check_domain(facts: DomainFacts, hosting_providers: Iterable[str], *, public: bool) -> list[Result]:
    """``public``: addresses that the Internet cannot reach are a fault."""
    about = About(facts.domain, facts.srv.name)
    if facts.chosen is None or facts.target is None:
        verdict = about.not_run if facts.srv.silent else about.failed
        return [verdict("dns.srv", _no_srv(facts.srv)), *about.none_run(_AFTER_SRV, "there is no SRV record")]
    chosen = facts.chosen
    return [
        about.ok("dns.srv", show(chosen)),
        _single(about, facts.srv, chosen),
        _port(about, chosen),
        _exact_domain(about, chosen, facts.domain, frozenset(hosting_providers)),
        *_target(About(facts.domain, show_names([chosen.target])), facts.target, public),
        _ttl(about, [facts.srv, facts.target.a, facts.target.aaaa]),
    ]


def _no_srv(answer: DnsAnswer) -> str:
    if answer.services:
        return 'the SRV record has the target ".": the domain says that it has no federation'
    return answer.words


def _single(about: About, answer: DnsAnswer, chosen: SrvRecord) -> Result:
    others = [record for record in answer.services if record != chosen]
    if not others:
        return about.ok("dns.srv-single", "one record")
    equal = any((other.priority, other.weight) == (chosen.priority, chosen.weight) for other in others)
    taken = "one of equal ones, here" if equal else "lowest priority, highest weight:"
    ignored = "; ".join(show(record) for record in others[:4])
    return about.warning(
        "dns.srv-single", f"{len(others) + 1} records; taken: {taken} {show(chosen)}; ignored: {ignored}"
    )


def _port(about: About, chosen: SrvRecord) -> Result:
    if chosen.port == FEDERATION_PORT:
        return about.ok("dns.srv-port", str(chosen.port))
    verdict = about.warning if chosen.port else about.failed
    return verdict("dns.srv-port", f"port {chosen.port}")


def _exact_domain(about: About, chosen: SrvRecord, domain: str, hosting_providers: frozenset[str]) -> Result:
    target = chosen.target.lower()
    shown = show_names([target])
    if in_domain(target, domain):
        return about.ok("dns.srv-domain", shown)
    if target in hosting_providers:
        return about.ok("dns.srv-domain", f"{shown}, a known hosting provider")
    if canonical_address(target) or not host_name(target):
        return about.not_run("dns.srv-domain", "the target is no host name: dns.target-name")
    where = "in a sub-domain" if target.endswith(f".{domain}") else "in another domain"
    return about.failed("dns.srv-domain", f"{shown} lies {where}", f"a host name of the form <name>.{domain}")


def _target(about: About, target: TargetFacts, public: bool) -> list[Result]:
    if target.a is None or target.aaaa is None:
        results = about.none_run(_AFTER_NAME, "the target is no host name")
        return [about.failed("dns.target-name", f"{show_names([target.name])} is no host name"), *results]
    return [
        about.ok("dns.target-name", show_names([target.name])),
        _alias(about, target),
        *_addresses(about, target, target.a, target.aaaa),
        _public(about, target, public),
        *_reachable(about, target),
    ]


def _alias(about: About, target: TargetFacts) -> Result:
    if target.alias:
        return about.failed("dns.target-alias", f"an alias of {show_names([target.alias])}")
    return about.ok("dns.target-alias", "no alias")


def _addresses(about: About, target: TargetFacts, a: DnsAnswer, aaaa: DnsAnswer) -> list[Result]:
    addresses = (*a.addresses, *aaaa.addresses)
    if not addresses:
        silent = next((answer for answer in (a, aaaa) if answer.silent), None)
        verdict = about.failed if silent is None else about.not_run
        return [
            verdict("dns.target-address", (silent or a).words),
            about.not_run("dns.ipv4", "there is no address"),
        ]
    first = about.ok("dns.target-address", ", ".join(addresses))
    if a.addresses:
        return [first, about.ok("dns.ipv4", ", ".join(a.addresses))]
    return [first, about.warning("dns.ipv4", f"only IPv6: {', '.join(aaaa.addresses)}")]


def _public(about: About, target: TargetFacts, public: bool) -> Result:
    addresses = (*target.addresses, *target.refused)
    if not addresses:
        return about.not_run("dns.address-public", "there is no address")
    if target.refused:
        return about.failed("dns.address-public", f"{', '.join(target.refused)}: not to be connected to")
    private = [address for address in addresses if public and not ip_address(address).is_global]
    if private:
        return about.warning("dns.address-public", f"{', '.join(private)}: no address of the Internet")
    return about.ok("dns.address-public", ", ".join(addresses))


def _reachable(about: About, target: TargetFacts) -> Iterator[Result]:
    if not target.reached:
        yield about.not_run("dns.reachable", "there is no address and port to connect to")
    for address, problem in target.reached.items():
        here = About(about.domain, host_port(address, target.port))
        if problem == NO_IPV6:
            yield here.not_run("dns.reachable", problem)
        elif problem:
            yield here.failed("dns.reachable", problem)
        else:
            yield here.ok("dns.reachable", "connected")


def _ttl(about: About, answers: Iterable[DnsAnswer | None]) -> Result:
    ttls = {f"{answer.kind} {answer.name}": answer.ttl for answer in answers if answer is not None and answer.records}
    long = [f"{name}: {ttl} s" for name, ttl in ttls.items() if ttl > LONGEST_TTL]
    if long:
        return about.warning("dns.ttl", "; ".join(long))
    return about.ok("dns.ttl", ", ".join(f"{ttl} s" for ttl in ttls.values()))


def check_service(domain: str, answer: DnsAnswer, targets: list[TargetFacts]) -> list[Result]:
    """One further SRV record that the configuration or the caller asks for."""
    about = About(domain, answer.name)
    if answer.silent:
        return about.none_run(("dns.service", "dns.service-target"), answer.words)
    chosen = choose_text(answer)
    if not chosen:
        return [
            about.failed("dns.service", _no_srv(answer)),
            about.not_run("dns.service-target", "there is no SRV record"),
        ]
    return [_service_port(about, answer, chosen), _service_targets(about, targets)]


def choose_text(answer: DnsAnswer) -> str:
    return "; ".join(show(record) for record in answer.services if record.target not in (".", ""))


def _service_port(about: About, answer: DnsAnswer, chosen: str) -> Result:
    service = ".".join(answer.name.split(".")[:2])
    usual = USUAL_PORTS.get(service)
    if usual is None or all(record.port == usual for record in answer.services):
        return about.ok("dns.service", chosen)
    return about.warning("dns.service", chosen, f"port {usual}")


def _service_targets(about: About, targets: list[TargetFacts]) -> Result:
    missing = [
        show_names([target.name])
        for target in targets
        if target.a is None or not any(answer and answer.addresses for answer in (target.a, target.aaaa))
    ]
    if missing:
        return about.failed("dns.service-target", f"no address for {', '.join(missing)}")
    return about.ok("dns.service-target", show_names(target.name for target in targets))


def check_peer(about: About, target: TargetFacts) -> list[Result]:
    """A peer of a zone: a name that resolves, or an address; and whether it takes connections."""
    if target.addresses or target.refused:
        return [about.ok("dns.peer", ", ".join((*target.addresses, *target.refused))), *_reachable(about, target)]
    words = target.a.words if target.a is not None else "no host name"
    unknown = target.a is not None and target.a.silent
    verdict = about.not_run if unknown else about.failed
    return [verdict("dns.peer", words), about.not_run("dns.reachable", "there is no address")]
