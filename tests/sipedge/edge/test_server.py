from __future__ import annotations

import asyncio
from typing import get_args

from support.settings import make_settings

from sipedge.edge.server import Server
from sipedge.proxy.commands import Command
from sipedge.settings import DnsSettings


def test_every_command_is_carried_out() -> None:
    async def run() -> set[type]:
        server = Server("", make_settings(zones=(), listeners=(), dns=DnsSettings(("127.0.0.1",))))
        await server.start()
        server.stop()
        await server.run()
        return set(server.functions)

    assert asyncio.run(run()) == set(get_args(Command))
