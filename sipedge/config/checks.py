"""What the tables of ``edge.toml`` must say together: names, ports, credentials, certificates."""

from __future__ import annotations

from dataclasses import replace

from sipedge.settings import Listener
from zones.addresses import host_port
from zones.calls import SHORTEST_SESSION, CallPolicy
from zones.zone import (
    DEFAULT_ZONE,
    LOCAL_ZONE,
    AnyZone,
    Credential,
    DefaultZone,
    DnsZone,
    FromDomain,
    LookUp,
    NeighborZone,
    Revocation,
    Topology,
    TraversalClientZone,
    TraversalServerZone,
)

from .reading.positions import Path
from .reading.problems import did_you_mean
from .reading.reader import Reader
from .tables import Tables, names_written, unique
from .web_checks import check_web, overlap


def check_tables(reader: Reader, tables: Tables) -> None:
    """Reports every contradiction; also gives the traversal zones their credentials."""
    _names(reader, tables)
    for path, zone in tables.zones:
        _zone(reader, path, zone)
        _calls(reader, path, zone)
    _ports(reader, tables.listeners)
    _metrics_port(reader, tables)
    _tls(reader, tables)
    _xmpp(reader, tables)
    check_web(reader, tables)
    tables.zones[:] = [(path, _with_credential(reader, tables, path, zone)) for path, zone in tables.zones]


def _xmpp(reader: Reader, tables: Tables) -> None:
    """TLS needs a certificate, and CAs where those of partners or of the other edge of a pair are verified."""
    xmpp = tables.xmpp
    if xmpp is None or (xmpp.security_mode == "no tls" and xmpp.role == "both"):
        return
    if not tables.tls.server:
        hint = 'add server = [{certificate = "...", key = "..."}] under [tls]'
        reader.problem(("xmpp",), "[xmpp] speaks TLS, and [tls] has no server certificate for it", hint, at_key=True)
    if (xmpp.require_client_certificates or xmpp.role != "both") and not tables.tls.trusted:
        hint = 'add trusted = "ca.pem" under [tls]'
        if xmpp.role == "both":
            hint += ", or require_client_certificates = false under [xmpp]"
        reader.problem(("xmpp",), "[xmpp] verifies certificates, and [tls] has no trusted CAs", hint, at_key=True)


def _names(reader: Reader, tables: Tables) -> None:
    written = [(path, zone) for path, zone in tables.zones if path != ("zone",)]
    unique(reader, "zones", [((*path, "name"), zone.name) for path, zone in written])
    unique(reader, "listeners", [((*path, "name"), listener.name) for path, listener in tables.listeners])
    unique(reader, "credentials", [((*path, "username"), item.username) for path, item in tables.credentials])
    for path, zone in written:
        if not isinstance(zone, DefaultZone) and zone.name.casefold() in (
            DEFAULT_ZONE.casefold(),
            LOCAL_ZONE.casefold(),
        ):
            message = f'"{zone.name}" is the name of a built-in zone'
            reader.problem((*path, "name"), message, "give this zone another name")


def _zone(reader: Reader, path: Path, zone: AnyZone) -> None:
    if isinstance(zone, NeighborZone | TraversalClientZone):
        folded = [peer.casefold() for peer in zone.peers]
        for index, peer in enumerate(zone.peers):
            if folded.index(peer.casefold()) < index:
                reader.problem((*path, "peers", index), f'the peer "{peer}" stands twice', "write each peer once")
    _from_domain(reader, path, zone)
    if isinstance(zone, NeighborZone) and zone.look_up is LookUp.SERVICE_RECORD:
        _service_record(reader, path, zone)
    if (
        isinstance(zone, TraversalServerZone)
        and zone.transport == "TLS"
        and zone.tls.verify
        and not zone.tls.subject_names
    ):
        _subject_missing(reader, path, f'zone "{zone.name}" checks the certificate of its client')
    _revocation(reader, path, zone)
    _rate(reader, path, zone)
    if isinstance(zone, DnsZone) and zone.inbound_mapping and not zone.tls.subject_names:
        _subject_missing(reader, path, f'zone "{zone.name}" has "inbound_mapping"')


def _calls(reader: Reader, path: Path, zone: AnyZone) -> None:
    """The table ``[zone.b2bua]``."""
    policy, written = zone.b2bua, (*path, "b2bua")
    if policy != CallPolicy() and zone.topology is not Topology.B2BUA:
        message = f'"b2bua" says nothing, because the zone "{zone.name}" is no b2bua zone'
        reader.problem(written, message, 'write topology = "b2bua" into the zone, or take the table out', at_key=True)
    if 0 < policy.session_timer < SHORTEST_SESSION:
        hint = f"at least {SHORTEST_SESSION} seconds (RFC 4028 4), or 0 for none"
        reader.problem((*written, "session_timer"), f"a session of {policy.session_timer} s is too short", hint)
    if policy.username:
        _credential(reader, (*written, "username"), policy.username)


def _credential(reader: Reader, path: Path, username: str) -> None:
    """A user that the local database must have."""
    if username not in (known := names_written(reader, "credential", "username")):
        hint = did_you_mean(username, known) or f'add [[credential]] with username = "{username}" and a password'
        reader.problem(path, f'there is no credential for "{username}"', hint)


def _rate(reader: Reader, path: Path, zone: AnyZone) -> None:
    """A rate of one that is written, and that the rate of all makes meaningless."""
    of_all = zone.rate.messages_per_second
    for key, of_one in (("per_peer", zone.rate.per_peer), ("per_domain", zone.rate.per_domain)):
        if 0 < of_all < of_one and (*path, "rate", key) in reader.positions.values:
            message = f'zone "{zone.name}" takes {of_all:g} requests a second in all, so "{key}" cannot be {of_one:g}'
            hint = f"write {key} = {of_all:g} or less, or a larger messages_per_second"
            reader.problem((*path, "rate", key), message, hint)


def _revocation(reader: Reader, path: Path, zone: AnyZone) -> None:
    given = zone.tls.revocation is not Revocation.OFF
    if given and not zone.tls.crl and not zone.tls.fetch_crl:
        hint = 'add crl = ["..."]: files of revocation lists, or folders of them; or fetch_crl = true'
        reader.problem((*path, "tls", "revocation"), f'zone "{zone.name}" has no list to look for revocation in', hint)
    if zone.tls.fetch_crl and not given:
        hint = 'add revocation = "soft" or revocation = "hard"'
        reader.problem((*path, "tls", "fetch_crl"), f'zone "{zone.name}" does not look into what it fetches', hint)
    if zone.tls.crl and not given:
        hint = 'add revocation = "soft" or revocation = "hard"'
        reader.problem((*path, "tls", "crl"), f'zone "{zone.name}" does not look into its revocation lists', hint)


def _from_domain(reader: Reader, path: Path, zone: AnyZone) -> None:
    if zone.from_domains and zone.from_domain is FromDomain.ANY:
        message = f'zone "{zone.name}" lists "from_domains", but "from_domain" is "any", which compares nothing'
        reader.problem((*path, "from_domains"), message, 'write from_domain = "list", or "certificate"', at_key=True)
    if zone.from_domain is FromDomain.LIST and not zone.from_domains:
        message = f'zone "{zone.name}" has from_domain = "list" but no "from_domains": nobody may speak there'
        reader.problem((*path, "from_domain"), message, 'add from_domains = ["..."], the domains of its peers')
    if (
        zone.from_domain is FromDomain.CERTIFICATE
        and zone.transport == "TCP"
        and isinstance(zone, DefaultZone | NeighborZone)
    ):
        message = f'peers of zone "{zone.name}" show no certificate over TCP, so From cannot be compared with it'
        hint = 'write from_domain = "list" with from_domains = ["..."], or from_domain = "any", which compares nothing'
        reader.problem(path, message, hint, at_key=True)


def _subject_missing(reader: Reader, path: Path, why: str) -> None:
    hint = 'under [zone.tls] add subject_names = ["..."]: the name in the peer\'s certificate'
    reader.problem((*path, "tls"), f"{why} but names no subject", hint, at_key=True)


def _service_record(reader: Reader, path: Path, zone: NeighborZone) -> None:
    if len(zone.peers) != 1 or _is_address(zone.peers[0]):
        message = f'zone "{zone.name}" looks up a service record, so "peers" must be one domain'
        reader.problem((*path, "peers"), message, 'write peers = ["example.com"], or look_up = "address"')


def _is_address(text: str) -> bool:
    return text.replace(".", "").isdigit() or ":" in text


def _ports(reader: Reader, listeners: list[tuple[Path, Listener]]) -> None:
    for number, (path, listener) in enumerate(listeners):
        for _, other in listeners[:number]:
            if listener.port and listener.port == other.port and overlap(listener.address, other.address):
                where = host_port(listener.address, listener.port)
                message = f'"{listener.name}" listens on {where}, which "{other.name}" has already'
                hint = "each listener and each traversal server zone needs a port of its own"
                reader.problem((*path, "port"), message, hint)
                break


def _metrics_port(reader: Reader, tables: Tables) -> None:
    address, _, port = tables.metrics.listen.rpartition(":")
    for _, listener in tables.listeners:
        if address and int(port) == listener.port != 0 and overlap(address.strip("[]"), listener.address):
            message = f'"metrics" listens on {tables.metrics.listen}, which "{listener.name}" has already'
            reader.problem(("metrics", "listen"), message, "give the metrics a port of their own")


def _tls(reader: Reader, tables: Tables) -> None:
    listener = next((item for item in tables.listeners if item[1].transport == "TLS"), None)
    if listener and not tables.tls.server and "server" not in _raw_tls(reader):
        path, record = listener
        message = f'"{record.name}" listens with TLS, but there is no server certificate'
        reader.problem(path, message, 'add [[tls.server]] with certificate = "..." and key = "..."', at_key=True)
    user = _first_tls_user(tables)
    if user and not tables.tls.trusted and "trusted" not in _raw_tls(reader):
        path, what = user
        hint = 'add trusted = "..." to [tls]: a PEM file with the CAs whose certificates peers may show'
        reader.problem(path, f"{what} uses TLS, but no trusted CAs are named", hint, at_key=True)


def _first_tls_user(tables: Tables) -> tuple[Path, str] | None:
    for path, zone in tables.zones:
        if zone.transport == "TLS" and not isinstance(zone, DefaultZone):
            return path, f'zone "{zone.name}"'
    for path, listener in tables.listeners:
        if listener.transport == "TLS" and listener.client_certificate:
            return path, f'listener "{listener.name}"'
    return None


def _raw_tls(reader: Reader) -> dict[str, object]:
    raw = reader.table("tls")
    return raw if isinstance(raw, dict) else {"server": None, "trusted": None}


def _with_credential(reader: Reader, tables: Tables, path: Path, zone: AnyZone) -> AnyZone:
    if not isinstance(zone, TraversalServerZone | TraversalClientZone):
        return zone
    username = tables.usernames[path]
    credential: Credential | None = next((item for _, item in tables.credentials if item.username == username), None)
    if credential is None:
        _credential(reader, (*path, "username"), username)
    return replace(zone, credential=credential)
