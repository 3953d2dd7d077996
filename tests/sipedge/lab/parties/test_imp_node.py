"""The IM&P node's proxy in front of its users: who may come in, what is relayed and how it comes back."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from support.lab_world import finish

from sipedge.lab.ca import Authority, Pem
from sipedge.lab.parties import link, sip
from sipedge.lab.parties.imp_node import Node
from sipedge.lab.parties.link import Link

pytestmark = pytest.mark.e2e
HOST = "127.0.0.1"
EDGE = "expc.c.example"


class Neighbourhood:
    """The node, an edge on one side of it and a user agent on the other; both keep what they receive."""

    def __init__(self, folder: Path, stack: AsyncExitStack) -> None:
        self.authority = Authority(folder)
        self.stack = stack
        self.at_edge: asyncio.Queue[tuple[Link, sip.Message]] = asyncio.Queue()
        self.at_users: asyncio.Queue[tuple[Link, sip.Message]] = asyncio.Queue()
        self.ports = {name: free_port() for name in ("peer", "inner")}

    async def start(self, edge_names: tuple[str, ...]) -> None:
        edge = self.authority.issue("edge", common_name="edge", names=edge_names)
        node = self.authority.issue("node", common_name="node", names=("imp1.c.example",))
        edge_port = await self.listen(link.server_context(*self.files(edge)), self.at_edge)
        presence_port = await self.listen(None, self.at_users)
        certificate, key, trusted = self.files(node)
        self.node = Node(
            {
                "address": HOST,
                "port": self.ports["peer"],
                "domain": "c.example",
                "routing_name": "imp1-public.c.example",
                "certificate": certificate,
                "key": key,
                "trusted": trusted,
                "next_hop": [HOST, edge_port, EDGE],
                "peer_subjects": [EDGE],
                "inner_port": self.ports["inner"],
                "presence_port": presence_port,
            }
        )
        for server in await self.node.start():
            self.stack.callback(server.close)
        self.stack.callback(self.node.close)

    def files(self, pem: Pem) -> tuple[str, str, str]:
        return str(pem.certificate), str(pem.key), str(self.authority.file)

    async def listen(self, context: Any, inbox: asyncio.Queue[tuple[Link, sip.Message]]) -> int:
        async def receive(connection: Link, message: sip.Message) -> None:
            inbox.put_nowait((connection, message))

        server = await link.listen(HOST, 0, context=context, receive=receive, silent=True)
        self.stack.callback(server.close)
        return int(server.sockets[0].getsockname()[1])

    async def connect(self, port: int, pem: Pem | None) -> tuple[Link, asyncio.Queue[tuple[Link, sip.Message]]]:
        context = link.client_context(*self.files(pem)) if pem else None
        inbox: asyncio.Queue[tuple[Link, sip.Message]] = asyncio.Queue()
        made = await link.connect(HOST, port, context=context, server_name="node", silent=True)

        async def receive(connection: Link, message: sip.Message) -> None:
            inbox.put_nowait((connection, message))

        self.stack.push_async_callback(finish, asyncio.create_task(made.run(receive)))
        return made, inbox


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def play(folder: Path, body: Callable[[Neighbourhood], Awaitable[Any]], edge_names: tuple[str, ...] = (EDGE,)) -> Any:
    async def scenario() -> Any:
        async with asyncio.timeout(10), AsyncExitStack() as stack:
            made = Neighbourhood(folder, stack)
            await made.start(edge_names)
            return await body(made)

    return asyncio.run(scenario())


def request(method: str, extra: str = "") -> sip.Message:
    text = f"{method} sip:b@m.example SIP/2.0\nVia: SIP/2.0/TLS h;branch=z9hG4bK1\nMax-Forwards: 9\n{extra}"
    text += f"From: <sip:a@c.example>;tag=1\nTo: <sip:b@m.example>\nCall-ID: c1\nCSeq: 1 {method}"
    return sip.parse(text.replace("\n", "\r\n"))


def test_a_users_request_goes_to_the_edge_and_its_answer_back(tmp_path: Path) -> None:
    async def body(made: Neighbourhood) -> tuple[sip.Message, sip.Message]:
        user, answers = await made.connect(made.ports["inner"], None)
        own = f"<sip:{HOST}:{made.ports['inner']};transport=tcp;lr>"
        user.send(request("MESSAGE", f"Route: {own}\nRoute: <sip:further;lr>\n"))
        edge, seen = await made.at_edge.get()
        edge.send(sip.response(seen, 200, "OK", tag="x"))
        return seen, (await answers.get())[1]

    seen, answer = play(tmp_path, body)
    assert seen.all("Route") == ["<sip:further;lr>"]
    assert len(seen.all("Via")) == 2
    assert answer.all("Via") == ["SIP/2.0/TLS h;branch=z9hG4bK1"]


def test_a_subscribe_from_the_edge_is_relayed_and_the_inner_route_stays_inside(tmp_path: Path) -> None:
    async def body(made: Neighbourhood) -> tuple[sip.Message, sip.Message]:
        pem = made.authority.issue("caller", common_name="x", names=(EDGE,))
        edge, answers = await made.connect(made.ports["peer"], pem)
        edge.send(request("SUBSCRIBE", "Record-Route: <sip:outer;lr>\n"))
        users, seen = await made.at_users.get()
        answer = sip.response(seen, 200, "OK", tag="x")
        answer.headers += [(name, value) for name, value in seen.headers if name == "Record-Route"]
        users.send(answer)
        return seen, (await answers.get())[1]

    seen, answer = play(tmp_path, body)
    assert len(seen.all("Record-Route")) == 2
    assert answer.all("Record-Route") == ["<sip:outer;lr>"]


def test_a_stranger_without_the_peer_subject_is_cut_off(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def body(made: Neighbourhood) -> int:
        pem = made.authority.issue("stranger", common_name="x", names=("other.example",))
        edge, _ = await made.connect(made.ports["peer"], pem)
        edge.send(request("MESSAGE"))
        while edge.open:
            await asyncio.sleep(0.01)
        return made.at_users.qsize()

    assert play(tmp_path, body) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert any("no TLS peer subject" in event.get("text", "") for event in events)


def test_the_next_hop_must_carry_its_name(tmp_path: Path) -> None:
    async def body(made: Neighbourhood) -> None:
        await made.node.agent.outside("MESSAGE", "a", "sip:b@m.example", [])

    with pytest.raises(OSError, match="certificate of the next hop"):
        play(tmp_path, body, edge_names=("wrong.example",))


def test_negotiate_and_sessions_are_answered_here(tmp_path: Path) -> None:
    async def body(made: Neighbourhood) -> list[str]:
        pem = made.authority.issue("caller", common_name="x", names=(EDGE,))
        edge, answers = await made.connect(made.ports["peer"], pem)
        edge.send(request("NEGOTIATE"))
        edge.send(request("INVITE", "Contact: <sip:a@h>\n"))
        return sorted([(await answers.get())[1].start for _ in range(3)])

    assert play(tmp_path, body) == ["SIP/2.0 180 Ringing", "SIP/2.0 200 OK", "SIP/2.0 405 Method Not Allowed"]
