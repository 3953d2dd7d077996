"""Every fault that the doctor must find, each put into a healthy world of real servers: its own id, and no other."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from support.doctor_certificates import CA_ISSUERS, Issued, ca_file, make, with_sha1
from support.doctor_world import DOMAIN, OUR_NAME, ROUTING_NAME, SRV, TARGET, World
from support.settings import make_settings, rule

from sipedge.doctor import CallDirection, CheckVerdict, Report
from sipedge.doctor.facts.options import Bounds
from zones.addresses import PUBLIC
from zones.zone import DnsZone, NeighborZone, TlsPolicy

pytestmark = pytest.mark.e2e
Change = Callable[[World], None]
WARNING, FAILED = CheckVerdict.WARNING, CheckVerdict.FAILED
INBOUND = CallDirection.INBOUND


@dataclass(frozen=True)
class Fault:
    name: str
    id: str
    verdict: CheckVerdict
    change: Change
    seen: str = ""
    """Words that the result must hold."""


def records(name: str, *values: str) -> Change:
    def change(world: World) -> None:
        world.records[name] = list(values)

    return change


def target(name: str, *addresses: str) -> Change:
    """Another SRV target, which the certificate carries."""

    def change(world: World) -> None:
        world.records[f"{SRV} SRV"] = [f"0 0 5061 {name}."]
        world.records[f"{name} A"] = world.records.pop(f"{TARGET} A")
        world.show(world.leaf(names=[name]))

    return change


def leaf(**fields: Any) -> Change:
    return lambda world: world.show(world.leaf(**fields))


def servers(**fields: Any) -> Change:
    return lambda world: world.each(**fields)


def second(**fields: Any) -> Change:
    """Only the second address is wrong."""

    def change(world: World) -> None:
        world.servers[1] = replace(world.servers[1], **fields)

    return change


def client(**fields: Any) -> Change:
    def change(world: World) -> None:
        world.client = make(world.authority, OUR_NAME, **{"names": [OUR_NAME], **fields})

    return change


def answers(method: str, status: int | None) -> Change:
    return servers(answers={"NEGOTIATE": 405, "OPTIONS": 200, method: status})


def option(**fields: Any) -> Change:
    return lambda world: world.options.update(fields)


def patience(seconds: float) -> Change:
    return option(bounds=Bounds(check=seconds))


def both(*changes: Change) -> Change:
    def change(world: World) -> None:
        for one in changes:
            one(world)

    return change


def alias(world: World) -> None:
    world.records[f"{TARGET} CNAME"] = ["real.example.com."]
    world.records["real.example.com A"] = world.records.pop(f"{TARGET} A")


def only_ipv6(world: World) -> None:
    del world.records[f"{TARGET} A"]
    world.records[f"{TARGET} AAAA"] = ["::1"]
    world.servers = [replace(world.servers[0], address="::1")]


def long_lived(world: World) -> None:
    world.ttl = 2 * 86400


def no_chain_without_intermediate(world: World) -> None:
    between = make(world.authority, "Intermediate", ca=True)
    made = make(between, TARGET, names=[TARGET], access=[(CA_ISSUERS, "http://ca.example/intermediate.crt")])
    world.show(made, chain=())


def private_chain_without_intermediate(world: World) -> None:
    """Without authorityInformationAccess nothing says whether the issuer is a root."""
    world.show(make(make(world.authority, "Intermediate", ca=True), TARGET, names=[TARGET]), chain=())


def wrong_order(world: World) -> None:
    upper = make(world.authority, "Upper", ca=True)
    made = make(make(upper, "Lower", ca=True), TARGET, names=[TARGET])
    world.show(made, chain=(upper.certificate, made.chain[0]))


def one_too_many(world: World) -> None:
    stranger = make(None, "Stranger", ca=True)
    world.each(chain=(stranger.certificate,))


def intermediate_expired(world: World) -> None:
    between = make(world.authority, "Intermediate", ca=True, begins=-30, days=-2)
    world.show(make(between, TARGET, names=[TARGET]))


def intermediate_weak(world: World) -> None:
    between = with_sha1(world.folder, world.authority, "Intermediate", ca=True)
    world.show(make(between, TARGET, names=[TARGET]))


def weak_signature(world: World) -> None:
    world.show(with_sha1(world.folder, world.authority, TARGET, names=[TARGET]))


def own_weak_signature(world: World) -> None:
    world.client = with_sha1(world.folder, world.authority, OUR_NAME, names=[OUR_NAME])


def other_authority(world: World) -> None:
    other = make(None, "Other CA", ca=True)
    world.show(make(other, TARGET, names=[TARGET]))


def self_signed(world: World) -> None:
    world.show(make(None, TARGET, names=[TARGET]))


def forged(world: World) -> None:
    """Signed by a CA of the trusted one's name but not its key."""
    world.show(make(make(None, "Test CA", ca=True), TARGET, names=[TARGET]))


def does_not_trust_us(world: World) -> None:
    world.each(trusts=ca_file(world.folder, make(None, "Other CA", ca=True)))


def another_without_sni(world: World) -> None:
    proper = world.leaf()
    world.each(certificate=world.leaf("web", names=["www.example.com"]), sni=proper)


def other_certificates(world: World) -> None:
    world.servers[1] = replace(world.servers[1], certificate=world.leaf())


def split_conflict(world: World) -> None:
    world.inside = {f"{SRV} SRV": ["0 0 5061 inside.example.com."]}


def split_hides(world: World) -> None:
    world.inside = {f"www.{DOMAIN} A": [world.block.imp]}


def routing_pointer(world: World) -> None:
    reverse = ".".join(reversed(world.block.imp.split(".")))
    world.records[f"{reverse}.in-addr.arpa PTR"] = [f"{ROUTING_NAME}."]
    world.options["routing_names"] = (ROUTING_NAME,)


def routing_address_gone(world: World) -> None:
    del world.records[f"{ROUTING_NAME} A"]
    world.options["routing_names"] = (ROUTING_NAME,)


def no_way_back(world: World) -> None:
    imp = NeighborZone(name="IMP", peers=(world.servers[0].address,), tls=TlsPolicy(verify=False))
    rules = rule("chat", "IMP", r".*@ours\.example")
    world.options |= {"settings": make_settings(rules, (imp, DnsZone(name="Out"))), "routing_names": (ROUTING_NAME,)}


def peer_without_address(world: World) -> None:
    world.options["settings"] = make_settings("", (NeighborZone(name="IMP", peers=("imp.example.com",)),))


def client_without_intermediate(world: World) -> None:
    between = make(world.authority, "Intermediate", ca=True)
    world.client = make(between, OUR_NAME, names=[OUR_NAME], access=[(CA_ISSUERS, "http://ca.example/i.crt")])
    world.client_chain = ()
    world.each(trusts=ca_file(world.folder, between, world.authority))


def client_of_another(world: World) -> None:
    other = make(None, "Other CA", ca=True)
    world.client = make(other, OUR_NAME, names=[OUR_NAME])
    world.each(trusts=ca_file(world.folder, other))


def client_unread(world: World) -> None:
    """The key of another certificate."""
    assert world.client is not None
    world.client = Issued(world.client.certificate, make(None, "other").key, ())


def wrong_at_one(world: World) -> None:
    """One address only: that two differ would be told, too."""
    world.servers = [replace(world.servers[0], certificate=world.leaf(names=["vcse.example.com"]))]
    world.records[f"{TARGET} A"] = [world.servers[0].address]


SUITES_WEAK = "ECDHE-ECDSA-AES128-SHA256:@SECLEVEL=0"
TLS = ssl.TLSVersion
FAULTS = [
    Fault("no SRV record", "dns.srv", FAILED, lambda world: world.records.pop(f"{SRV} SRV") and None, "no such name"),
    Fault("SRV says no service", "dns.srv", FAILED, records(f"{SRV} SRV", "0 0 0 ."), "no federation"),
    Fault(
        "two SRV records",
        "dns.srv-single",
        WARNING,
        records(f"{SRV} SRV", f"0 0 5061 {TARGET}.", "10 0 5061 sip2.example.com."),
        "ignored: 10 0 5061 sip2.example.com",
    ),
    Fault(
        "equal SRV records",
        "dns.srv-single",
        WARNING,
        records(f"{SRV} SRV", f"0 0 5061 {TARGET}.", "0 0 5061 sip2.example.com."),
        "one of equal ones",
    ),
    Fault(
        "another port",
        "dns.srv-port",
        WARNING,
        both(records(f"{SRV} SRV", f"0 0 5062 {TARGET}."), lambda world: setattr(world, "port", 5062)),
    ),
    Fault("port 0", "dns.srv-port", FAILED, records(f"{SRV} SRV", f"0 0 0 {TARGET}.")),
    Fault("target in a sub-domain", "dns.srv-domain", FAILED, target("sip.sub.example.com"), "lies in a sub-domain"),
    Fault("target in another domain", "dns.srv-domain", FAILED, target("sip.dummy.com"), "lies in another domain"),
    Fault("target is the domain itself", "dns.srv-domain", FAILED, target("example.com"), "lies in another domain"),
    Fault("target is an address", "dns.target-name", FAILED, records(f"{SRV} SRV", "0 0 5061 192.0.2.1.")),
    Fault("target is an alias", "dns.target-alias", FAILED, alias, "real.example.com"),
    Fault("target without address", "dns.target-address", FAILED, lambda w: w.records.pop(f"{TARGET} A") and None),
    Fault("only IPv6", "dns.ipv4", WARNING, only_ipv6),
    Fault("address of nobody", "dns.address-public", FAILED, records(f"{TARGET} A", "0.0.0.0")),
    Fault("loopback", "dns.address-public", FAILED, option(allowed=PUBLIC), "not to be connected to"),
    Fault("nothing listens", "dns.reachable", FAILED, servers(running=False), "refused"),
    Fault("one of two does not listen", "dns.reachable", FAILED, second(running=False), "refused"),
    Fault("TTL of two days", "dns.ttl", WARNING, long_lived, "172800 s"),
    Fault("service missing", "dns.service", FAILED, option(services=(("_sips._tcp", DOMAIN),))),
    Fault(
        "service on an odd port",
        "dns.service",
        WARNING,
        both(
            records(f"_xmpp-server._tcp.{DOMAIN} SRV", f"0 0 5270 {TARGET}."),
            option(services=(("_xmpp-server._tcp", DOMAIN),)),
        ),
    ),
    Fault(
        "service without address",
        "dns.service-target",
        FAILED,
        both(
            records(f"_cms-web._tls.{DOMAIN} SRV", "0 0 443 cms1.example.com."),
            option(services=(("_cms-web._tls", DOMAIN),)),
        ),
        "cms1.example.com",
    ),
    Fault("routing name without address", "dns.routing-address", FAILED, routing_address_gone),
    Fault("routing name with PTR", "dns.routing-pointer", FAILED, routing_pointer, ROUTING_NAME),
    Fault("inside says another server", "dns.split", WARNING, split_conflict, "inside.example.com"),
    Fault("inside hides the record", "dns.split", WARNING, split_hides, "hides the record"),
    Fault("no TLS on the port", "tls.handshake", FAILED, servers(speaks="plain"), "wrong version number"),
    Fault("the server says nothing", "tls.handshake", FAILED, both(servers(speaks="silence"), patience(0.3))),
    Fault("our CA is not trusted there", "tls.handshake", FAILED, does_not_trust_us),
    Fault("no client certificate wanted", "tls.client-certificate", WARNING, servers(mutual=False)),
    Fault("TLS 1.0 on", "tls.versions", WARNING, servers(oldest=TLS.TLSv1, suites="ALL:@SECLEVEL=0"), "TLS 1.0"),
    Fault("TLS 1.1 on", "tls.versions", WARNING, servers(oldest=TLS.TLSv1_1, suites="ALL:@SECLEVEL=0"), "TLS 1.1"),
    Fault("only TLS 1.3", "tls.versions", FAILED, servers(oldest=TLS.TLSv1_3)),
    Fault(
        "only TLS 1.0", "tls.versions", FAILED, servers(oldest=TLS.TLSv1, newest=TLS.TLSv1, suites="ALL:@SECLEVEL=0")
    ),
    Fault("only CBC suites", "tls.suites", FAILED, servers(suites=SUITES_WEAK, newest=TLS.TLSv1_2)),
    Fault("another name", "tls.name", FAILED, leaf(names=["vcse.example.com"]), "vcse.example.com"),
    Fault("the bare domain", "tls.name", FAILED, leaf(names=[DOMAIN])),
    Fault("the name in the CN, not in the SAN", "tls.name", FAILED, leaf(names=["other.example.com"])),
    Fault("a wildcard", "tls.wildcard", FAILED, leaf(names=["*.example.com"]), "*.example.com"),
    Fault("no SAN", "tls.san", WARNING, leaf(names=[])),
    Fault("a wrong name at the only address", "tls.name", FAILED, wrong_at_one, "vcse"),
    Fault("chain out of order", "tls.chain-order", WARNING, wrong_order),
    Fault("a certificate too many", "tls.chain-order", WARNING, one_too_many),
    Fault("intermediate missing", "tls.chain-complete", FAILED, no_chain_without_intermediate, "Intermediate"),
    Fault("intermediate of a private CA missing", "tls.trusted", FAILED, private_chain_without_intermediate),
    Fault("another CA", "tls.trusted", FAILED, other_authority, "Other CA"),
    Fault("self-signed", "tls.trusted", FAILED, self_signed),
    Fault("forged", "tls.trusted", FAILED, forged),
    Fault("expired", "tls.dates", FAILED, leaf(begins=-30, days=-1), "expired"),
    Fault("not valid yet", "tls.dates", FAILED, leaf(begins=2, days=30), "not valid before"),
    Fault("intermediate expired", "tls.dates", FAILED, intermediate_expired, "Intermediate"),
    Fault("ends soon", "tls.expiry", WARNING, leaf(days=5), "4 days"),
    Fault("RSA 1024", "tls.key", FAILED, leaf(key="rsa-1024"), "RSA 1024"),
    Fault("Ed25519", "tls.key", FAILED, leaf(key="ed25519"), "Ed25519"),
    Fault("SHA-1", "tls.signature", FAILED, weak_signature, "sha1"),
    Fault("intermediate signed with SHA-1", "tls.signature", FAILED, intermediate_weak, "sha1"),
    Fault("no serverAuth", "tls.server-auth", FAILED, both(leaf(eku=["client"]), option(direction=INBOUND))),
    Fault(
        "a server for SIP domains only",
        "tls.server-auth",
        WARNING,
        both(leaf(eku=["sip"]), option(direction=INBOUND)),
        "id-kp-sipDomain",
    ),
    Fault(
        "a client for SIP domains only",
        "tls.client-auth-forecast",
        WARNING,
        both(leaf(eku=["sip"]), option(direction=CallDirection.OUTBOUND)),
        "id-kp-sipDomain",
    ),
    Fault("no clientAuth", "tls.client-auth", FAILED, leaf(eku=["server"])),
    Fault("another certificate without SNI", "tls.sni", WARNING, another_without_sni, f"without {TARGET}"),
    Fault("different certificates", "tls.same-certificate", WARNING, other_certificates),
    Fault("own key of another", "own.files", FAILED, client_unread, "does not belong"),
    Fault("own chain incomplete", "own.chain", FAILED, client_without_intermediate),
    Fault("own CA unknown", "own.chain", FAILED, client_of_another, "Other CA"),
    Fault("own certificate ends soon", "own.expiry", WARNING, client(days=3)),
    Fault("own key weak", "own.key", FAILED, client(key="rsa-1024")),
    Fault("own signature weak", "own.signature", FAILED, own_weak_signature),
    Fault("own name is not the SRV target", "sip.from", FAILED, client(names=["vcse.ours.example"]), "vcse.ours"),
    Fault("NEGOTIATE unanswered", "sip.negotiate", FAILED, both(answers("NEGOTIATE", None), patience(0.5))),
    Fault("NEGOTIATE closes", "sip.negotiate", FAILED, answers("NEGOTIATE", 0), "closed"),
    Fault("OPTIONS unanswered", "sip.options", FAILED, both(answers("OPTIONS", None), patience(0.5))),
    Fault("OPTIONS gets 504", "sip.options", FAILED, answers("OPTIONS", 504), "504"),
    Fault("OPTIONS gets 403", "sip.options", WARNING, answers("OPTIONS", 403), "1027"),
    Fault("no rule for NOTIFY", "sip.notify-return", FAILED, no_way_back, f"no search rule matches {ROUTING_NAME}"),
    Fault("peer of a zone without address", "dns.peer", FAILED, peer_without_address),
    Fault("ms-benotify refused", "sip.benotify", FAILED, servers(understands_benotify=False), "420"),
]  # fmt: skip


def wrong(report: Report) -> set[tuple[str, CheckVerdict]]:
    return {(one.id, one.verdict) for one in report.results if one.verdict in (WARNING, FAILED)}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault_is_found_by_its_id_and_no_other(world: World, fault: Fault) -> None:
    fault.change(world)
    report = asyncio.run(world.examine())
    assert wrong(report) == {(fault.id, fault.verdict)}
    shown = [one for one in report.results if (one.id, one.verdict) == (fault.id, fault.verdict)]
    assert any(fault.seen in one.seen for one in shown), [one.seen for one in shown]
    assert all(one.expected and one.mend for one in shown)
