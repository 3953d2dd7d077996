"""Where the control socket of a configuration is: the one that is there, or a new one."""

from __future__ import annotations

import asyncio
import logging

from sipedge.control.channel.place import Place, open_place

logger = logging.getLogger("sipedge")


async def place_for(path: str, before: Place | None) -> tuple[Place | None, bool]:
    """(the place for this path, whether it was opened here). Raises OSError."""
    if before is not None and before.path == path and before.is_there:
        return before, False
    place = await asyncio.to_thread(open_place, path) if path else None
    return place, place is not None


def first_place(path: str, kept: Place | None, is_restart: bool) -> Place | None:
    """At the start of a worker. Raises OSError, but not at a restart: SIP goes before being asked."""
    if kept is not None and kept.path == path and kept.is_there:
        return kept
    if kept is not None:
        kept.remove()
    try:
        return open_place(path) if path else None
    except OSError as error:
        if not is_restart:
            raise
        logger.error("nobody can ask this edge: %s", error.strerror)
    return None
