"""The pjsua2 process with a plain TCP proxy beside it."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from sipedge.lab.parties import link, sip
from sipedge.lab.parties.link import Link
from sipedge.lab.party import Event, Party, Recorder

pytestmark = pytest.mark.e2e
HOST = "127.0.0.1"
CONTACT = "<sip:imp1-public.c.example:5061;transport=TLS>"


def play(answer: int) -> tuple[list[sip.Message], list[Event]]:
    """A pager message and a subscription, each answered with ``answer``; what was sent and the results."""

    async def scenario() -> tuple[list[sip.Message], list[Event]]:
        sent: list[sip.Message] = []

        async def receive(connection: Link, message: sip.Message) -> None:
            sent.append(message)
            response = sip.response(message, answer, "Whatever", tag="t")
            response.headers += [("Contact", "<sip:j@h>"), ("Expires", "600")]
            connection.send(response)

        proxy = await link.listen(HOST, 0, context=None, receive=receive, silent=True)
        options: dict[str, Any] = {"address": HOST, "port": free_port(), "user": "romeo", "domain": "c.example"}
        options |= {"proxy_port": proxy.sockets[0].getsockname()[1], "routing_name": "imp1-public.c.example"}
        party = await Party.start("presence", "sipedge.lab.parties.imp_presence", options, Recorder())
        try:
            pager = await party.ask("pager", to="sip:juliet@m.example", text="one line")
            subscribe = await party.ask("subscribe", to="sip:juliet@m.example")
        finally:
            await party.stop()
            proxy.close()
        return sent, [pager, subscribe]

    return asyncio.run(scenario())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def test_pager_and_subscription_go_through_the_proxy_with_the_routing_name() -> None:
    sent, results = play(200)
    message = next(item for item in sent if item.method == "MESSAGE")
    assert message.uri == "sip:juliet@m.example" and message.body == b"one line"
    subscribe = next(item for item in sent if item.method == "SUBSCRIBE")
    assert subscribe.get("Contact") == CONTACT and subscribe.get("Event") == "presence"
    assert "application/pidf+xml" in subscribe.all("Accept")
    assert [result["status"] for result in results] == [200, 200]


def test_refusals_are_results_too() -> None:
    _, results = play(404)
    assert [(result["ok"], result["status"]) for result in results] == [(False, 404), (False, 404)]
