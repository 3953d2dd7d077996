"""The lab's web bridge: its page, its settings, its WebSocket."""

from __future__ import annotations

import asyncio
import json

from support.web_client import Connection

from sipedge.lab.parties.web_bridge import PAGE, converse

TURN = [{"urls": "turn:192.0.2.1:3478", "username": "guest", "credential": "secret"}]


def test_a_browser_gets_the_page_the_settings_and_an_echo() -> None:
    async def run() -> None:
        server = await asyncio.start_server(lambda r, w: converse(r, w, TURN), "127.0.0.1", 0)
        async with server, Connection("127.0.0.1", server.sockets[0].getsockname()[1], None) as browser:
            page = await browser.get("join.example.com")
            assert (page.status, page.body) == (200, PAGE)
            assert json.loads((await browser.get("join.example.com", "/settings")).body) == {"turn": TURN}
            assert (await browser.get("join.example.com", "/other")).status == 404
            assert (await browser.upgrade("join.example.com")).status == 101
            assert await browser.echoes("hello")
            await browser.close()

    asyncio.run(run())
