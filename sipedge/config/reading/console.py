"""The form of the table ``[console]``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from sipedge.console_settings import ConsoleSettings
from sipedge.oidc_settings import OidcSettings

from .schema import Peer, fail, listening_place, mirror


def _scope(text: str) -> str:
    if "openid" not in text.split():
        raise fail(f'"{text}" does not ask for an ID token', 'write it like "openid profile email"')
    return text


Role = Literal["auditor", "operator", "admin"]
Filled = Annotated[str, Field(min_length=1)]
OIDC = mirror(
    OidcSettings,
    omit=("client_secret",),
    issuer=(Filled, ...),
    client_id=(Filled, ...),
    claim=(Filled, "groups"),
    name_claim=(Filled, "preferred_username"),
    scope=(Annotated[str, AfterValidator(_scope)], "openid profile email"),
    roles=(Annotated[dict[str, Role], Field(min_length=1)], ...),
)
CONSOLE = mirror(
    ConsoleSettings,
    listen=(Annotated[str, AfterValidator(listening_place)], ConsoleSettings().listen),
    disk_free=(Annotated[float, Field(ge=0, le=100)], ConsoleSettings().disk_free),
    aliases_for=(Role, ConsoleSettings().aliases_for),
    oidc=(OIDC | None, None),
    names=(Annotated[tuple[Peer, ...], Field(strict=False, max_length=50)], ()),
)
