"""The users of the lab's XMPP servers, on a component connection that the test serves."""

from __future__ import annotations

import asyncio
import hashlib
import json

import pytest
from support.processes import fresh_address

from sipedge.lab.parties.xmpp_server import COMPONENT_PORT, Users

STREAM = (
    "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' "
    "xmlns:stream='http://etherx.jabber.org/streams' id='7' from='a.example'>"
)
SUBSCRIBE = "<presence type='subscribe' from='u@b.example' to='romeo@a.example'/>"
ERROR = (
    "<message type='error' from='u@b.example' to='romeo@a.example'><error><not-allowed xmlns='x'/></error></message>"
)


def test_they_prove_the_secret_answer_subscriptions_and_report_what_comes(capsys: pytest.CaptureFixture[str]) -> None:
    address = fresh_address()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b'to="a.example">')
        writer.write(STREAM.encode())
        proof = hashlib.sha1(b"7secret", usedforsecurity=False).hexdigest()
        assert (await reader.readuntil(b"</handshake>")).decode().endswith(f"<handshake>{proof}</handshake>")
        writer.write(f"<handshake/>{SUBSCRIBE}{ERROR}".encode())
        answer = await reader.readuntil(b"</presence>") + await reader.readuntil(b"</presence>")
        assert b"subscribed" in answer and b'to="u@b.example"' in answer
        writer.close()

    async def run() -> None:
        async with await asyncio.start_server(serve, address, COMPONENT_PORT):
            users = Users("a.example")
            parser = await users.join(address, "secret")
            with pytest.raises(ConnectionError):
                await users.read(parser)
            users.leave()

    asyncio.run(run())
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    delivered = [(each["method"], each["body"]) for each in told if each["event"] == "delivered"]
    assert delivered == [("presence subscribe", ""), ("message error", "not-allowed")]
