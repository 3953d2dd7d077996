"""What the core takes from outside: identifiers, randomness, ports, and what connections and other workers know."""

from __future__ import annotations

import random
import secrets
from dataclasses import replace
from hashlib import blake2b
from itertools import count

from sipedge.bus.board import Board
from sipedge.bus.shelf import SharedShelf
from sipedge.network.connections import Connections
from sipedge.proxy.incoming import Environment

from .others.colleagues import Colleagues
from .others.elsewhere import boot_of, name_of
from .together import Together


def environment_of(
    ports: dict[str, int], connections: Connections, colleagues: Colleagues | None, together: Together | None
) -> Environment:
    """``ports``: name of a listener -> its port."""
    unique, boot = count(1), secrets.token_hex(4)
    if colleagues is not None:
        boot = boot_of(colleagues.bus.worker, boot)
    alone = Environment(
        lambda: f"{boot}{next(unique):x}",
        random.SystemRandom().random,
        secrets.token_bytes,
        ports,
        connections.revocation,
        connections.offence,
    )
    if colleagues is None or together is None:
        return alone
    return replace(
        alone,
        rezoned=together.announce,
        follows=colleagues.follows,
        judged=together.judged,
        subscribed=together.subscribed,
        shelf=SharedShelf(colleagues.rates, colleagues.bus.worker),
        digest_key=blake2b(colleagues.secret, person=b"nonces").digest(),
        name=name_of(colleagues.bus.worker),
        others=together.calls,
        board=Board(colleagues.handles, colleagues.bus.worker),
    )
