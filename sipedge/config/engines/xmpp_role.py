"""Which keys of ``[xmpp]`` an edge needs and may have: for both sides, or as one edge of a pair."""

from __future__ import annotations

from collections.abc import Mapping

from sipedge.settings import Xmpp, XmppRole

from ..reading.reader import Reader

_OUTSIDE = (
    "address",
    "security_mode",
    "require_client_certificates",
    "crl",
    "use_static_routes",
    "privacy_mode",
    "allow",
    "deny",
    "route",
)
_INSIDE = ("inside_address", "inside_security_mode", "servers")
_PAIR = ("peer_address", "peer_port", "peer_subject_name", "link_secret_file")
_NEEDED_BY_PAIR = ("peer_address", "peer_subject_name", "link_secret_file")
_NEEDED: Mapping[XmppRole, tuple[str, ...]] = {
    "both": ("address", "inside_address"),
    "outside": ("address", *_NEEDED_BY_PAIR),
    "inside": ("inside_address", *_NEEDED_BY_PAIR),
}
_STRANGE: Mapping[XmppRole, Mapping[str, str]] = {
    "both": dict.fromkeys(_PAIR, 'it belongs to role = "outside" or "inside"'),
    "outside": dict.fromkeys(_INSIDE, "write it in the configuration of the inside edge"),
    "inside": dict.fromkeys(_OUTSIDE, "write it in the configuration of the outside edge"),
}
"""Key -> the hint about it."""


def check_role(reader: Reader, xmpp: Xmpp) -> None:
    """Reports each key that the role lacks, and each that does nothing in it."""
    written = reader.table("xmpp")
    for key in _NEEDED[xmpp.role]:
        if key not in written:
            reader.problem(("xmpp",), f'[xmpp] lacks "{key}", which role = "{xmpp.role}" needs', at_key=True)
    for key, hint in _STRANGE[xmpp.role].items():
        if key in written:
            reader.problem(("xmpp", key), f'"{key}" does nothing where role = "{xmpp.role}"', hint, at_key=True)
