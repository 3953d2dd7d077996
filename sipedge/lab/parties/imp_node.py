"""The IM and Presence node's face to the network: its SIP proxy, and the users' IM sessions.

An IM&P node is two things: a SIP proxy with TLS listeners, static routes and access lists, and behind it the users.
So it is here. This process is the proxy, and it holds IM sessions itself, because pjsua2 refuses them: it answers 488
to an INVITE whose SDP offers ``m=message`` before the application is asked, and cannot make one without audio.
Pager messages, presence and OPTIONS are relayed to ``imp_presence``, a process on pjsua2's own classes; what that
one sends comes out here. Static route: everything goes to the inside edge.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from . import control, link, sip
from .link import Link
from .user_agent import TYPING, UserAgent, result

_SESSION = (
    "v=0\r\no=- 0 0 IN IP4 {0}\r\ns=session\r\nc=IN IP4 {0}\r\nt=0 0\r\nm=message 5060 sip null\r\n"
    "a=accept-types:text/plain\r\n"
)
_RELAYED = 4096
_OWN = {"INVITE", "ACK", "CANCEL", "NEGOTIATE"}


class Node:
    """Proxy and session users; a carrier for the users' user agent."""

    def __init__(self, options: dict[str, Any]) -> None:
        """``options``: address, port (peer auth), domain, routing_name, certificate, key, trusted, next_hop (address,
        port, name), peer_subjects, inner_port (listens for imp_presence), presence_port (where it listens)."""
        self.address: str = options["address"]
        self.port: int = options["port"]
        self.domain: str = options["domain"]
        self._routing_name: str = options["routing_name"]
        self._next_hop: tuple[str, int, str] = tuple(options["next_hop"])
        self._subjects: list[str] = options["peer_subjects"]
        self._inner_port: int = options["inner_port"]
        self._presence_port: int = options["presence_port"]
        files = options["certificate"], options["key"], options["trusted"]
        self._server_context = link.server_context(*files)
        self._client_context = link.client_context(*files)
        self._outside: Link | None = None
        self._inside: Link | None = None
        self._opening = asyncio.Lock()
        self._reading: set[asyncio.Task[None]] = set()
        self._origins: dict[str, Link] = {}
        """Where the response to a relayed request goes, by the branch set here."""
        self._inner_route = f"<sip:{self.address}:{self._inner_port};transport=tcp;lr>"
        self.agent = UserAgent(self, _SESSION.format(self.address))

    async def start(self) -> list[asyncio.Server]:
        """Listen for the edge (TLS) and for imp_presence (TCP)."""
        context = self._server_context
        outer = await link.listen(self.address, self.port, context=context, receive=self._from_network)
        inner = await link.listen(
            self.address, self._inner_port, context=None, receive=self._from_presence, silent=True
        )
        return [outer, inner]

    def close(self) -> None:
        """Close the connections that were opened here."""
        for connection in (self._outside, self._inside):
            if connection is not None:
                connection.close()

    # The users' carrier

    def contact(self, user: str) -> str:
        return f"<sip:{self._routing_name}:5061;transport=TLS>"

    def identity(self, user: str) -> str:
        return f"<sip:{user}@{self.domain}>"

    def headers(self, method: str, user: str) -> list[tuple[str, str]]:
        return [("User-Agent", "Cisco-Systems 12.5")]

    def answer(self, response: sip.Message) -> None:
        response.headers.append(("Server", "Cisco-Systems 12.5"))

    def presence(self, user: str) -> bytes:
        raise LookupError("presence lives in imp_presence")

    async def deliver(self, request: sip.Message, domain: str) -> Link:
        outside = await self._to_edge()
        request.headers.insert(0, ("Via", self._via()))
        outside.send(request)
        return outside

    def _via(self, branch: str = "") -> str:
        return f"SIP/2.0/TLS {self.address}:{self.port};branch={branch or sip.new_branch()}"

    # Connections

    async def _to_edge(self) -> Link:
        """The static route: one connection to the inside edge, opened again when it broke."""
        async with self._opening:
            if self._outside is None or not self._outside.open:
                address, port, name = self._next_hop
                connection = await link.connect(
                    address, port, context=self._client_context, server_name=name, local_address=self.address
                )
                if name not in connection.names:
                    connection.close()
                    raise OSError(f"certificate of the next hop has {connection.names}, not {name}")
                self._keep(asyncio.create_task(connection.run(self._from_network)))
                self._outside = connection
            return self._outside

    async def _to_presence(self) -> Link:
        async with self._opening:
            if self._inside is None or not self._inside.open:
                self._inside = await link.connect(self.address, self._presence_port, context=None, silent=True)
                self._keep(asyncio.create_task(self._inside.run(self._from_presence)))
            return self._inside

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)

    # Messages

    async def _from_network(self, connection: Link, message: sip.Message) -> None:
        if message.status:
            await self._back(message)
        elif not any(name in self._subjects for name in connection.names):
            control.report("log", text=f"no TLS peer subject among {connection.names}")
            connection.close()
        elif message.method == "BENOTIFY":
            control.report("delivered", method="BENOTIFY", call_id=message.call_id, sender="", user="", body="")
        elif message.method in _OWN or message.call_id in self.agent.sessions:
            await self.agent.request_received(connection, message, sip.user_of(sip.uri_of(message.get("To"))))
        else:
            await self._relay(message, connection, await self._to_presence())

    async def _from_presence(self, connection: Link, message: sip.Message) -> None:
        if message.status:
            await self._back(message)
        else:
            await self._relay(message, connection, await self._to_edge())

    async def _relay(self, request: sip.Message, origin: Link, target: Link) -> None:
        """Push a Via; on the way in also a Record-Route, so that NOTIFY comes back through here."""
        branch = sip.new_branch()
        while len(self._origins) >= _RELAYED:
            self._origins.pop(next(iter(self._origins)))
        self._origins[branch] = origin
        if target is self._inside:
            request.headers.insert(0, ("Record-Route", self._inner_route))
            request.headers.insert(0, ("Via", f"SIP/2.0/TCP {self.address}:{self._inner_port};branch={branch}"))
        else:
            self._drop_own_route(request, "route")
            request.headers.insert(0, ("Via", self._via(branch)))
        target.send(request)

    async def _back(self, response: sip.Message) -> None:
        """A response: to the own users, or one Via shorter to where its request came from."""
        top = next(iter(response.all("Via")), "")
        origin = self._origins.get(sip.branch_of(top))
        if origin is None:
            return self.agent.response_received(response)
        if response.status >= 200:
            del self._origins[sip.branch_of(top)]
        at = next(n for n, (name, _) in enumerate(response.headers) if name.lower() in ("via", "v"))
        del response.headers[at]
        self._drop_own_route(response, "record-route")
        origin.send(response)

    def _drop_own_route(self, message: sip.Message, kind: str) -> None:
        """The inner route says nothing to anybody outside."""
        message.headers = [
            (name, value)
            for name, value in message.headers
            if name.lower() != kind or sip.uri_of(value) != sip.uri_of(self._inner_route)
        ]


async def carry_out(node: Node, command: control.Command) -> dict[str, Any]:
    agent, user, call_id = node.agent, command.get("user", ""), command.get("call_id", "")
    match command["do"]:
        case "invite":
            return result(await agent.invite(user, command["to"], []))
        case "say":
            text = command["text"].encode()
            return result(await agent.in_session(call_id, "MESSAGE", [("Content-Type", "text/plain")], text))
        case "type":
            return result(await agent.in_session(call_id, "INFO", [("Content-Type", "application/xml")], TYPING))
        case "bye":
            return result(await agent.in_session(call_id, "BYE", []))
    raise ValueError(f"unknown command {command['do']}")


async def main(options: dict[str, Any]) -> None:
    node = Node(options)
    await node.start()
    control.report("ready")
    await control.serve(lambda command: carry_out(node, command))


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
