"""What ``[web]`` and ``[turn]`` must say together with the other tables: names, certificates, ports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from sipedge.certificates.identity import UNREADABLE, IdentityError, certificate_names
from sipedge.web_settings import Turn, Web
from zones.addresses import canonical_address, host_port

from .reading.positions import Path
from .reading.reader import Reader
from .tables import Tables


def check_web(reader: Reader, tables: Tables) -> None:
    """Reports every contradiction."""
    if tables.web is not None:
        _trust(reader, tables, tables.web)
        _certified(reader, tables, tables.web)
        _other_domains(reader, tables, tables.web)
        _own_address(reader, tables.web)
    if tables.turn is not None:
        _peers(reader, tables.turn, tables.web)
        _beside_https(reader, tables.turn, tables.web)
        if tables.turn.tls_port and not tables.tls.server:
            _no_certificate(reader, ("turn", "tls_port"), "[turn] has a port for TLS")
    _ports(reader, tables)


def published(web: Web) -> Iterator[tuple[Path, str]]:
    """Each published name and where it stands."""
    for number, entry in enumerate(web.meeting_servers):
        yield ("web", "meeting_server", number, "guest_uri"), entry.guest_uri
    for number, rule in enumerate(web.publish):
        for index, name in enumerate(rule.public_names):
            yield ("web", "publish", number, "public_names", index), name


def _trust(reader: Reader, tables: Tables, web: Web) -> None:
    if not tables.tls.server:
        _no_certificate(reader, ("web",), "[web] speaks TLS")
    if not web.trusted and not tables.tls.trusted:
        hint = 'add trusted = "ca.pem" under [web]: the CAs of the servers behind'
        reader.problem(("web",), "[web] verifies the servers behind, and no trusted CAs are named", hint, at_key=True)


def _no_certificate(reader: Reader, path: Path, what: str) -> None:
    hint = 'add server = [{certificate = "...", key = "..."}] under [tls]'
    reader.problem(path, f"{what}, and [tls] has no server certificate for it", hint, at_key=True)


def _certified(reader: Reader, tables: Tables, web: Web) -> None:
    """The engine would start all the same, and browsers turn away. A wildcard is no name, as for an Expressway."""
    names = set().union(*(_names_in(pair.certificate) for pair in tables.tls.server))
    if not names:
        return  # there is none, or its own problem says what is wrong with it
    for path, name in published(web):
        if name not in names:
            hint = "sipedge csr says which names it needs; a wildcard does not count"
            reader.problem(path, f'no certificate under [tls] server has "{name}" among its names', hint)


def _names_in(file: str) -> set[str]:
    try:
        with open(file, "rb") as stream:
            leaf = x509.load_pem_x509_certificates(stream.read())[0]
        return set(certificate_names(leaf.public_bytes(Encoding.DER)).names)
    except (OSError, IdentityError, *UNREADABLE):
        return set()


def _other_domains(reader: Reader, tables: Tables, web: Web) -> None:
    """Both guides want a domain of its own for it: the records of a SIP or XMPP domain lead elsewhere."""
    sip = {domain.lower(): "SIP domain ([edge] domains)" for domain in (tables.edge.domains if tables.edge else ())}
    xmpp = tables.xmpp
    ours = (*xmpp.domains, *xmpp.chat_node_aliases) if xmpp is not None else ()
    taken = sip | dict.fromkeys(ours, "XMPP domain ([xmpp])")
    for number, entry in enumerate(web.meeting_servers):
        if entry.guest_uri in taken:
            path = ("web", "meeting_server", number, "guest_uri")
            message = f'the guest URI "{entry.guest_uri}" is also a {taken[entry.guest_uri]}'
            reader.problem(path, message, "choose a host name of its own, like join.example.com")


def _own_address(reader: Reader, web: Web) -> None:
    addresses = set(map(canonical_address, web.addresses))
    for number, rule in enumerate(web.publish):
        for index, server in enumerate(rule.servers):
            if canonical_address(server) in addresses and rule.port == web.port:
                path = ("web", "publish", number, "servers", index)
                reader.problem(
                    path, f"{server} is where [web] listens itself", "write the address of the pool's server"
                )


def _peers(reader: Reader, turn: Turn, web: Web | None) -> None:
    """Servers behind the edge that TURN would reach from outside; private networks are looked at in engines/turn."""
    denied = [ip_network(text) for text in turn.deny_peers]
    allowed = [ip_network(text) for text in turn.allow_peers]
    for rule in web.publish if web is not None else ():
        for server in filter(canonical_address, rule.servers):
            address = ip_address(server)
            if any(address in network for network in allowed) or not any(address in network for network in denied):
                hint = "add it to deny_peers, or take it out of allow_peers"
                message = f'{server}, a server of "{rule.name}", can be reached through TURN from outside'
                reader.problem(("turn",), message, hint, at_key=True)


def _beside_https(reader: Reader, turn: Turn, web: Web | None) -> None:
    """HAProxy hands TURN on, so it has to listen where TURN is asked for."""
    here = canonical_address(turn.address)
    if turn.beside_https and (web is None or here not in map(canonical_address, web.addresses)):
        hint = "give both the same address, or take beside_https out"
        reader.problem(("turn", "beside_https"), f"[web] does not listen on {turn.address}", hint)


@dataclass(frozen=True, slots=True)
class _Socket:
    """TCP only, but for TURN: nothing else of the edge listens on UDP."""

    what: str
    path: Path
    address: str
    port: int


def _ports(reader: Reader, tables: Tables) -> None:
    """Two that want the same port of an address, one of them of [web] or [turn]."""
    others = [
        _Socket(f'listener "{listener.name}"', path, listener.address, listener.port)
        for path, listener in tables.listeners
    ]
    if tables.xmpp is not None:
        where = filter(None, (tables.xmpp.address, tables.xmpp.inside_address))
        others += [_Socket("[xmpp]", ("xmpp",), address, tables.xmpp.port) for address in where]
    host, _, port = tables.metrics.listen.rpartition(":")
    if host:
        others.append(_Socket("[metrics]", ("metrics",), host.strip("[]"), int(port)))
    ours = [*(_web_sockets(tables.web) if tables.web else ()), *(_turn_sockets(tables.turn) if tables.turn else ())]
    for number, socket in enumerate(ours):
        for other in (*others, *ours[:number]):
            if socket.port == other.port and overlap(socket.address, other.address):
                message = f"{socket.what} listens on {host_port(socket.address, socket.port)}, which {other.what} has"
                reader.problem(socket.path, message, "each needs an address or a port of its own", at_key=True)
                break


def _web_sockets(web: Web) -> list[_Socket]:
    ports = {"port": web.port} | ({"plain_port": web.plain_port} if web.plain_port else {})
    return [_Socket("[web]", ("web", key), address, port) for address in web.addresses for key, port in ports.items()]


def _turn_sockets(turn: Turn) -> list[_Socket]:
    ports = [turn.port, *turn.further_ports, *([turn.tls_port] if turn.tls_port else [])]
    return [_Socket("[turn]", ("turn",), turn.address, port) for port in dict.fromkeys(ports)]


def overlap(address: str, other: str) -> bool:
    """Whether two sockets with these addresses would want the same port: 0.0.0.0 has all of IPv4, :: all of IPv6."""
    first, second = ip_address(address), ip_address(other)
    either_any = first.is_unspecified or second.is_unspecified
    return first == second or (first.version == second.version and either_any)
