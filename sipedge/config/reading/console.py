"""The form of the table ``[console]``."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from sipedge.console_settings import ConsoleSettings

from .schema import Peer, listening_place, mirror

CONSOLE = mirror(
    ConsoleSettings,
    listen=(Annotated[str, AfterValidator(listening_place)], ConsoleSettings().listen),
    names=(Annotated[tuple[Peer, ...], Field(strict=False, max_length=50)], ()),
)
