"""Settings of what the edge publishes for browsers and clients: web services, and the TURN server beside them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class MeetingServer:
    """The web bridges of a Cisco Meeting Server behind one guest account client URI."""

    guest_uri: str
    """A host name. Its SRV records ``_cms-web._tls`` name the web bridges; without them it does so itself."""
    address: str = ""
    """Where it is published; '': ``Web.address``."""
    port: int = 443
    """Of the web bridges, where no SRV record says another one."""
    sticky: bool = True
    """A browser stays with its web bridge (a cookie)."""
    health_check: bool = True
    """Ask each server for a page; else it only has to let the edge in: TCP, TLS and the names of its certificate."""
    read_timeout: float = 300.0
    """Seconds that a server may be silent while it owes an answer."""


@dataclass(frozen=True, slots=True)
class Publish:
    """One publishing rule: public names, and the pool that serves them."""

    name: str
    public_names: tuple[str, ...]
    servers: tuple[str, ...]
    """IP addresses or FQDNs, all equal."""
    address: str = ""
    """As in MeetingServer."""
    port: int = 4443
    """Of the servers' external web site."""
    plain_port: int = 8080
    """The same without TLS, for public names that begin with ``lyncdiscover.``; 0: those are redirected, too."""
    verify_name: str = ""
    """What the servers' certificates must name; '': each its own FQDN."""
    backup: str = ""
    """The rule whose servers serve these names while all of this one are down."""
    sticky: bool = True
    health_check: bool = True
    read_timeout: float = 300.0


@dataclass(frozen=True, slots=True)
class Web:
    """Web services that are published through one HAProxy of the edge. Its certificates are those of ``Tls.server``."""

    address: str
    port: int = 443
    plain_port: int = 80
    """Redirects to ``port``; 0: nothing listens there."""
    trusted: str = ""
    """PEM file of the CAs of the servers behind; '': those of ``Tls.trusted``."""
    dns_servers: tuple[str, ...] = ()
    """Of the inside view, where the names lead to the servers behind; empty: those of ``DnsSettings``."""
    maximum_connections: int = 2000
    connections_per_source: int = 200
    """Of one IP address, on each listener; many browsers may be behind one."""
    log_requests: bool = False
    """Each request into the log; else those that went wrong."""
    folder: str = ""
    """Where the generated configuration is, for the edge and the engine only."""
    meeting_servers: tuple[MeetingServer, ...] = ()
    publish: tuple[Publish, ...] = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        """All that it listens on."""
        written = [*(entry.address for entry in self.meeting_servers), *(rule.address for rule in self.publish)]
        return tuple(dict.fromkeys(address or self.address for address in written))


PRIVATE = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "::1/128",
    "fc00::/7",
    "fe80::/10",
)
"""Networks that nobody outside has business in: RFC 6890, RFC 6598, RFC 4193."""


@dataclass(frozen=True, slots=True)
class TurnUser:
    """Long-term credentials (RFC 8656 section 5)."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Turn:
    """TURN by one coturn of the edge."""

    address: str
    realm: str
    """As a browser is asked for credentials; usually the edge's domain."""
    outside_address: str = ""
    """What clients are told of relayed addresses where a NAT stands before the edge; '': ``address``."""
    port: int = 3478
    """UDP and TCP."""
    further_ports: tuple[int, ...] = ()
    """More listeners of the same kind, as larger systems have them (3479 to 3483)."""
    tls_port: int = 0
    """TURN over TLS; 0: none."""
    beside_https: bool = False
    """TURN over TCP on the port of ``Web``, too, at the same address: HAProxy tells the two apart."""
    ports: tuple[int, int] = (24000, 29999)
    """First and last port of relayed addresses."""
    user_quota: int = 0
    """Allocations of one user at a time, RTP and RTCP each; 0: no bound."""
    total_quota: int = 1200
    """Allocations in all."""
    deny_peers: tuple[str, ...] = PRIVATE
    """Networks that nothing is relayed to."""
    allow_peers: tuple[str, ...] = ()
    """Networks in them that are excepted."""
    folder: str = ""
    """As in Web."""
    users: tuple[TurnUser, ...] = ()
