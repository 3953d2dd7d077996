"""Log-in to the console at an OpenID provider: the table ``[console.oidc]`` of ``edge.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class OidcSettings:
    issuer: str
    """The provider's name for itself, an ``https://`` address; what it says of itself has to have the same one."""
    client_id: str
    """As which the console is known there."""
    roles: Mapping[str, str]
    """Value of ``claim`` -> role; of several the highest counts. Who has none is not let in."""
    client_secret_file: str = ""
    """File whose first line is the secret of ``client_id``; '': a public client, which PKCE alone protects."""
    client_secret: str = field(default="", repr=False)
    """What is in that file."""
    ca: str = ""
    """PEM file with CAs that vouch for the provider; '': those of the system."""
    claim: str = "groups"
    """The claim that ``roles`` is about: a text, or a list of them. The ID token is asked first, then UserInfo."""
    name_claim: str = "preferred_username"
    """The claim by which people are called here."""
    scope: str = "openid profile email"
    """What the provider is asked for."""


def is_safe(url: str) -> bool:
    """``https``, or a loopback address, from which nothing leaves the machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and _is_here(host)))
    except ValueError:
        return False


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
