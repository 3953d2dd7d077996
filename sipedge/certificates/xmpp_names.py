"""The names by which a certificate speaks for an XMPP domain (RFC 6120 13.7.1.2)."""

from __future__ import annotations

from cryptography import x509

XMPP_ADDR = "1.3.6.1.5.5.7.8.5"
SRV_NAME = "1.3.6.1.5.5.7.8.7"
_UTF8, _IA5 = 0x0C, 0x16


def xmpp_names(certificate: x509.Certificate) -> tuple[str, ...]:
    """Lower case: dNSName as it is, XmppAddr as it is, SRVName of ``_xmpp-server`` without that; never the common name.

    Empty where they cannot be read.
    """
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, ValueError):
        return ()
    found = [name.lower() for name in names.get_values_for_type(x509.DNSName)]
    for other in names.get_values_for_type(x509.OtherName):
        text = _text(other.value).lower()
        if other.type_id.dotted_string == XMPP_ADDR and text:
            found.append(text)
        elif other.type_id.dotted_string == SRV_NAME and text.startswith("_xmpp-server."):
            found.append(text.removeprefix("_xmpp-server."))
    return tuple(dict.fromkeys(found))


def speaks_for(names: tuple[str, ...], domain: str) -> bool:
    """A wildcard stands for one whole label, the first (RFC 6125 6.4.3)."""
    return domain in names or f"*.{domain.partition('.')[2]}" in names


def _text(der: bytes) -> str:
    """Of a short UTF8String or IA5String; '' for anything else."""
    if len(der) < 2 or der[0] not in (_UTF8, _IA5) or der[1] != len(der) - 2:
        return ""
    return der[2:].decode(errors="replace")
