"""Why nobody is let in. Each is one sentence."""

from __future__ import annotations


class OidcError(Exception):
    """What a log-in at the provider came to."""


class ProviderDown(OidcError):
    """It does not answer, or what it answers cannot be used: nobody's fault who wants to log in."""


class NotLetIn(OidcError):
    """The provider does not vouch for him, or for nobody whom the console knows."""
