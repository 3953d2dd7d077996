"""What handshakes with one address showed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address with port, and the names of which its certificate must carry one."""

    domain: str
    """The SIP domain or the zone that led here."""
    address: str
    port: int
    server_name: str
    """What SNI asks for; '' for none."""
    names: tuple[str, ...] = ()
    """(): any name will do."""
    wildcards: bool = False


@dataclass(frozen=True, slots=True)
class Handshake:
    """``error``: '' when it was completed. ``chain``: DER, as sent; what had come when it failed."""

    error: str = ""
    chain: tuple[bytes, ...] = ()
    version: str = ""
    suite: str = ""
    verify_code: int = 0
    """OpenSSL's X509_V_ERR number when the verification failed."""

    @property
    def ok(self) -> bool:
        return not self.error

    @property
    def understood(self) -> bool:
        """The server speaks this version: it completed the handshake, or refused only after its certificate."""
        return self.ok or bool(self.chain)


@dataclass(frozen=True, slots=True)
class EndpointFacts:
    endpoint: Endpoint
    main: Handshake
    """As an Edge comes: TLS 1.2, with the client certificate where there is one; TLS 1.3 where 1.2 is not spoken."""
    bare: Handshake
    """The same without a client certificate."""
    without_sni: Handshake
    suites: Handshake
    """With nothing but the edge's own suites of TLS 1.2."""
    verified: Handshake
    versions: dict[str, bool]
    """"TLS 1.0" to "TLS 1.3": whether it is spoken."""
