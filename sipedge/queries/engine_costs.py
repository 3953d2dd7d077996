"""What a configuration would cost beside an edge that has it in force, as far as engines tell from their files."""

from __future__ import annotations

from sipedge.servers.xmpp.cost import costs, is_there
from sipedge.settings import Settings


def engine_costs(settings: Settings) -> list[str]:
    """One sentence each; none where no engine has run for this configuration, or nothing is different."""
    xmpp = settings.xmpp
    if xmpp is None:
        return []
    try:
        return [f"after a reload: {sentence}" for sentence in costs(settings, xmpp)] if is_there(xmpp) else []
    except OSError as error:
        return [f"what a reload costs XMPP federation is not known: {error.strerror}: {error.filename}"]
