"""A new connection as the core is told of it."""

from __future__ import annotations

from sipedge.certificates.identity import PeerCertificate, certificate_names
from sipedge.proxy.events import ConnectionOpened

from .connection import Connection


def certificate_of(connection: Connection) -> PeerCertificate | None:
    """What the peer showed. Raises IdentityError when it cannot be read."""
    der = connection.tls.getpeercert(binary_form=True) if connection.tls is not None else None
    return certificate_names(der) if der else None


def opened(connection: Connection, certificate: PeerCertificate | None) -> ConnectionOpened:
    version = connection.tls.version() if connection.tls is not None else None
    return ConnectionOpened(
        connection=connection.number,
        transport=connection.transport,
        peer_address=connection.peer[0],
        peer_port=connection.peer[1],
        local_address=connection.local[0],
        local_port=connection.local[1],
        listener=connection.listener,
        zone=connection.hop.zone if connection.hop is not None else None,
        names=certificate.names if certificate else (),
        has_certificate=certificate is not None,
        key_usages=certificate.key_usages if certificate else None,
        tls_version=(version or "").removeprefix("TLSv"),
        hop=connection.hop,
    )
