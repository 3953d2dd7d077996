"""A Skype for Business Edge with its users, as strict as Microsoft's: discovery, certificates, routes, rate.

Every demand is checked on what comes in and on what goes out (federation.py has the rules). A partner that fails sees
a bare ``504 Server time-out``; the number and the words are in this server's log, and in the 504 of its own users.
Written from Microsoft's and Cisco's public descriptions; it shares no code with the edge under test.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import ssl
import sys
import time
from collections import defaultdict
from typing import Any

import dns.asyncresolver
import dns.exception

from . import control, federation, link, sip
from .federation import Fault, Rate, Srv
from .link import Link
from .user_agent import TYPING, UserAgent, pidf, result

CONNECTIONS = 4
"""OutgoingTlsCountForFederatedPartners: requests of one dialog are spread over so many connections."""
SERVER = "RTC/6.0"
CLIENT = "UCCAPI/16.0.4266.1001 OC/16.0.4266.1001 (Skype for Business)"
TRUST = "ms-edge-proxy-message-trust"
_ALLOW = "INVITE, BYE, ACK, CANCEL, INFO, MESSAGE, UPDATE, REFER, OPTIONS, NOTIFY, BENOTIFY"
_SESSION = (
    "v=0\r\no=- 0 0 IN IP4 {0}\r\ns=session\r\nc=IN IP4 {0}\r\nt=0 0\r\nm=message 5060 sip null\r\n"
    "a=accept-types:text/plain multipart/alternative text/rtf text/html application/ms-imdn+xml\r\n"
)
_FORMAT = "WAAtAE0ATQBTAC0ASQBNAC0ARgBvAHIAbQBhAHQAOgAgAEYATgA9AEEAcgBpAGEAbAA7ACAARQBGAD0AOwANAAoADQAKAA"


class Undeliverable(Exception):
    """A request that never left, with the diagnostics that the local user gets."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.reason)
        self.fault = fault


class Edge:
    """Edge server, front end and clients in one; a carrier for the users' user agent."""

    def __init__(self, options: dict[str, Any]) -> None:
        """``options``: address, port, domain, name, users, certificate, key, trusted, dns (address, port), rate."""
        self.address: str = options["address"]
        self.port: int = options["port"]
        self.domain: str = options["domain"]
        self.name: str = options["name"]
        self.users: list[str] = options["users"]
        self._rate_limit: int = options.get("rate", 20)
        self._rates: dict[str, Rate] = defaultdict(lambda: Rate(self._rate_limit))
        files = options["certificate"], options["key"], options["trusted"]
        self._server_context = link.server_context(*files)
        self._client_context = link.client_context(*files)
        self._resolver = dns.asyncresolver.Resolver(configure=False)
        self._resolver.nameservers = [options["dns"][0]]
        self._resolver.port = options["dns"][1]
        self._pools: dict[tuple[str, str], list[Link]] = defaultdict(list)
        self._turn = 0
        self.activity = "away"
        """What the users are doing: an RPID activity."""
        self._reading: set[asyncio.Task[None]] = set()
        self._epids = {user: secrets.token_hex(5) for user in self.users}
        self.agent = UserAgent(self, _SESSION.format(self.address))

    async def start(self) -> asyncio.Server:
        return await link.listen(self.address, self.port, context=self._server_context, receive=self.received)

    # The users' carrier

    def contact(self, user: str) -> str:
        return f"<sip:{user}@{self.domain};opaque=user:epid:{self._epids[user]}Base64_-AA;gruu>"

    def identity(self, user: str) -> str:
        return f'"{user.title()}"<sip:{user}@{self.domain}>;epid={self._epids[user]}'

    def headers(self, method: str, user: str) -> list[tuple[str, str]]:
        headers = [("User-Agent", CLIENT if method != "OPTIONS" else "RTCC/6.0.0.0")]
        if method in ("INVITE", "SUBSCRIBE"):
            headers += [
                ("P-Asserted-Identity", f'"{user.title()}"<sip:{user}@{self.domain}>,<tel:+15551230001>'),
                ("ms-asserted-verification-level", "ms-source-verified-user=verified"),
            ]
        if method in ("INVITE", "MESSAGE"):
            headers += [("Supported", "ms-dialog-route-set-update"), ("Supported", "timer")]
        return headers

    def answer(self, response: sip.Message) -> None:
        """As a real server answers: its own parameters in the top Via, header names in capitals for MESSAGE."""
        if response.status < 300 and response.method == "INVITE":
            at = next((n for n, (name, _) in enumerate(response.headers) if name == "Record-Route"), 0)
            response.headers.insert(at, ("Record-Route", self._record_route()))
        if response.method == "MESSAGE":
            capitals = ("from", "to", "call-id", "cseq")
            response.headers = [(n.upper() if n.lower() in capitals else n, v) for n, v in response.headers]
        response.headers.append(("Server", SERVER))

    def presence(self, user: str) -> bytes:
        return pidf(f"sip:{user}@{self.domain}", self.activity)

    async def deliver(self, request: sip.Message, domain: str) -> Link:
        connection = await self._partner(domain)
        self._pop_own_route(request)
        self._dress(request, connection)
        connection.send(request)
        return connection

    def _dress(self, request: sip.Message, connection: Link) -> None:
        """Headers in Microsoft's order: Max-Forwards and Content-Length stand between the Vias.

        Only INVITE is record-routed: the partner's NOTIFY has no Route then and goes by the domain of the Contact, as
        the federation guide's rules for the inside edge want it.
        """
        rest = [(name, value) for name, value in request.headers if name != "Max-Forwards"]
        branch = f"z9hG4bK{secrets.token_hex(4).upper()}.{secrets.token_hex(8).upper()}"
        inner = f"z9hG4bK{secrets.token_hex(4).upper()}.{secrets.token_hex(8).upper()}"
        internal = f'ms-internal-info="{secrets.token_hex(16)}"'
        first = [
            ("Via", f"SIP/2.0/TLS {self.address}:{connection.local_port};branch={branch};branched=FALSE;{internal}"),
            ("Max-Forwards", "67"),
            ("Content-Length", str(len(request.body))),
            ("Via", f"SIP/2.0/TLS 10.0.0.20:54321;branch={inner};branched=FALSE;ms-received-port=54321"),
            ("Via", "SIP/2.0/TLS 10.0.5.33:62937;received=198.51.100.77;ms-received-port=62937;ms-received-cid=6DA00"),
        ]
        if request.method == "INVITE":
            first.insert(0, ("Record-Route", self._record_route()))
        request.headers = first + rest

    def _record_route(self) -> str:
        """URI parameters that a proxy must not touch, and a header parameter after them."""
        signature = f"ms-route-sig=edge{secrets.token_hex(12)}"
        return (
            f"<sip:{self.name}:{self.port};transport=tls;opaque=state:T:F:Ci.R2c0800;lr;{signature}>"
            f";tag={secrets.token_hex(16).upper()}"
        )

    # Discovery and connections

    async def _partner(self, domain: str) -> Link:
        """The next connection to a domain's edge, opened where fewer than ``CONNECTIONS`` are up."""
        chosen = federation.check_srv(domain, await self._srv(domain))
        if isinstance(chosen, Fault):
            raise Undeliverable(chosen)
        fault = federation.no_address(chosen.target)
        for address in await self._addresses(chosen.target):
            try:
                return await self._connection(chosen, address)
            except ssl.SSLCertVerificationError as error:
                fault = federation.untrusted_chain(chosen.target, expired=error.verify_code == 10)
            except OSError:
                fault = federation.unreachable(chosen.target)
        raise Undeliverable(fault)

    async def _connection(self, partner: Srv, address: str) -> Link:
        pool = self._pools[partner.target, address]
        pool[:] = [item for item in pool if item.open]
        self._turn += 1
        if len(pool) == CONNECTIONS:
            return pool[self._turn % CONNECTIONS]
        connection = await link.connect(
            address,
            partner.port,
            context=self._client_context,
            server_name=partner.target,
            local_address=self.address,
        )
        fault = federation.check_certificate(partner.target, connection.names)
        if fault is not None:
            connection.close()
            raise Undeliverable(fault)
        task = asyncio.create_task(connection.run(self.received))
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)
        await self._negotiate(connection, address, partner.port)
        pool.append(connection)
        return connection

    async def _negotiate(self, connection: Link, address: str, port: int) -> None:
        """Offer compression as the first request of a connection; a refusal means: go on without."""
        headers = [
            ("Via", f"SIP/2.0/TLS {self.address}:{connection.local_port}"),
            ("CSeq", "1 NEGOTIATE"),
            ("Call-ID", secrets.token_hex(16)),
            ("From", f"<sip:{self.address}>;tag={sip.new_tag()}"),
            ("To", f"<sip:{address}>"),
            ("Compression", "LZ77-8K"),
            ("Max-Forwards", "0"),
        ]
        request = sip.Message(f"NEGOTIATE sip:{address}:{port} SIP/2.0", headers)
        answer = await self.agent.exchange_on(connection, request)
        control.report("negotiated", status=answer.status)
        if answer.status not in (405, 501):
            connection.close()
            raise Undeliverable(federation.unreachable(address))

    async def _srv(self, domain: str) -> list[Srv]:
        try:
            answer = await self._resolver.resolve(federation.SERVICE + domain, "SRV", lifetime=3)
        except dns.exception.DNSException:
            return []
        return [Srv(item.priority, item.weight, item.port, item.target.to_text(True).lower()) for item in answer]

    async def _addresses(self, name: str) -> list[str]:
        try:
            answer = await self._resolver.resolve(name, "A", lifetime=3)
        except dns.exception.DNSException:
            return []
        return [item.address for item in answer]

    def keep_alive(self) -> int:
        """CRLFCRLF on every open connection; how many."""
        links = [item for pool in self._pools.values() for item in pool if item.open]
        for item in links:
            item.keep_alive()
        return len(links)

    # What comes in

    async def received(self, connection: Link, message: sip.Message) -> None:
        if message.status:
            return self.agent.response_received(message)
        if message.method == "ACK" and message.call_id not in self.agent.sessions:
            return None  # to a refusal
        vias = [n for n, (name, _) in enumerate(message.headers) if name.lower() in ("via", "v")]
        if vias:
            name, value = message.headers[vias[0]]
            address, port = connection.peer.rsplit(":", 1)
            value += f";received={address};ms-received-port={port};ms-received-cid=2C0800"
            message.headers[vias[0]] = (name, value)
        refusal = await self._refusal(connection, message)
        if refusal is None:
            self._take_in(message)
            await self.agent.request_received(connection, message, self._user(message))
        elif message.method not in ("ACK", "BENOTIFY"):
            connection.send(refusal)

    def _take_in(self, message: sip.Message) -> None:
        """Trust words from outside are not believed; this server's own take their place on the way inside."""
        message.headers = [(name, value) for name, value in message.headers if name.lower() != TRUST]
        message.headers.append((TRUST, f"ms-source-type=AutoFederation;ms-ep-fqdn={self.name}"))
        self._pop_own_route(message)

    async def _refusal(self, connection: Link, request: sip.Message) -> sip.Message | None:
        tag = sip.new_tag()
        if request.method == "NEGOTIATE":
            return sip.response(request, 405, "Method Not Allowed", tag=tag)
        fault = self._wrong_route(request) or await self._wrong_partner(connection, request)
        if fault is not None:
            return self._bare(request, 504, "Server time-out", fault.header(self.name))
        domain = sip.host_of(sip.uri_of(request.get("From")))
        if not self._rates[domain].admit(time.monotonic()):
            return self._bare(request, 503, "Service Unavailable", f"partner {domain} sends too fast")
        unknown = [token for token in request.all("Proxy-Require") if token.lower() != "ms-benotify"]
        if unknown:
            refusal = self._bare(request, 420, "Bad Extension", ", ".join(unknown))
            refusal.headers.append(("Unsupported", ", ".join(unknown)))
            return refusal
        if not self._user(request):
            return self._bare(request, 404, "Not Found", f"no user {request.uri}")
        return None

    def _wrong_route(self, request: sip.Message) -> Fault | None:
        routes = request.all("Route")
        if not routes or sip.host_of(sip.uri_of(routes[0])) in (self.name, self.address):
            return None
        return Fault(1006, "Route header does not name this server", (("route", sip.uri_of(routes[0])),))

    async def _wrong_partner(self, connection: Link, request: sip.Message) -> Fault | None:
        """Who sends must be who the DNS names for the domain in From and in P-Asserted-Identity."""
        identities = [request.get("From"), *request.all("P-Asserted-Identity")]
        uris = [sip.uri_of(value) for value in identities]
        for domain in dict.fromkeys(sip.host_of(uri) for uri in uris if uri.lower().startswith("sip")):
            chosen = federation.check_srv(domain, await self._srv(domain))
            fault = (
                chosen if isinstance(chosen, Fault) else federation.check_certificate(chosen.target, connection.names)
            )
            if fault is not None:
                return fault
        return None

    def _bare(self, request: sip.Message, status: int, reason: str, why: str) -> sip.Message:
        """Nothing but the status goes out; the log has the rest."""
        control.report("log", text=f"{request.method} refused with {status}: {why}", call_id=request.call_id)
        refusal = sip.response(request, status, reason, tag=secrets.token_hex(16).upper())
        refusal.headers.append(("Server", SERVER))
        return refusal

    def _user(self, request: sip.Message) -> str:
        """The local user a request is for: by Request-URI, or the server itself for the partner test."""
        user = sip.user_of(request.uri).partition(";")[0].lower()
        if sip.host_of(request.uri) != self.domain:
            return ""
        return user if user in self.users or request.method == "OPTIONS" else ""

    def _pop_own_route(self, message: sip.Message) -> None:
        for at, (name, value) in enumerate(message.headers):
            if name.lower() == "route":
                if sip.host_of(sip.uri_of(value)) == self.name:
                    del message.headers[at]
                return


async def carry_out(edge: Edge, command: control.Command) -> dict[str, Any]:
    """One thing a user does; a request that never left comes back as the 504 that the user's client shows."""
    try:
        return await _do(edge, command)
    except Undeliverable as error:
        diagnostics = error.fault.header(edge.name)
        control.report("client", text=f"504 Server time-out, ms-diagnostics: {diagnostics}", to=command["to"])
        return {"ok": False, "status": 504, "diagnostics": error.fault.number, "header": diagnostics}


async def _do(edge: Edge, command: control.Command) -> dict[str, Any]:
    agent, user, to = edge.agent, command.get("user", ""), command.get("to", "")
    call_id = command.get("call_id", "")
    text = command.get("text", "").encode()
    plain = ("Content-Type", f"text/plain; charset=UTF-8;msgr={_FORMAT}")
    match command["do"]:
        case "invite":
            return result(await agent.invite(user, to, _invitation(edge, user, to)))
        case "say":
            return result(await agent.in_session(call_id, "MESSAGE", [plain], text))
        case "type":
            return result(await agent.in_session(call_id, "INFO", [("Content-Type", "application/xml")], TYPING))
        case "bye":
            diagnostics = ("Ms-client-diagnostics", '51004; reason="Action initiated by user"')
            return result(await agent.in_session(call_id, "BYE", [diagnostics]))
        case "pager":
            return result(await agent.outside("MESSAGE", user, to, [plain], text))
        case "options":
            return result(await agent.outside("OPTIONS", user, to, []))
        case "subscribe":
            return result(await agent.subscribe(user, to, _SUBSCRIPTION))
        case "notify":
            edge.activity = command["activity"]
            return result(await agent.notify(call_id, command.get("benotify", False)))
        case "keep_alive":
            return {"ok": True, "connections": edge.keep_alive()}
    raise ValueError(f"unknown command {command['do']}")


def _invitation(edge: Edge, user: str, to: str) -> list[tuple[str, str]]:
    own = f"sip:{user}@{edge.domain}"
    return [
        ("Ms-Text-Format", f"text/plain; charset=UTF-8;msgr={_FORMAT};ms-body=SGVsbG8="),
        *(("Supported", token) for token in ("histinfo", "ms-safe-transfer", "ms-sender", "ms-early-media")),
        ("Roster-Manager", own),
        ("EndPoints", f'"{user.title()}, of Sales" <{own}>, <{to}>'),
        ("ms-keep-alive", "UAC;hop-hop=yes"),
        ("Allow", _ALLOW),
        ("Ms-Conversation-ID", secrets.token_urlsafe(20)),
        ("Supported", "ms-conf-invite"),
    ]


_SUBSCRIPTION = [
    (
        "Accept",
        "application/msrtc-event-categories+xml, text/xml+msrtc.pidf, application/pidf+xml, application/rlmi+xml,"
        " multipart/related",
    ),
    ("Supported", "com.microsoft.autoextend"),
    ("Supported", "ms-benotify"),
    ("Proxy-Require", "ms-benotify"),
    ("Supported", "ms-piggyback-first-notify"),
    ("Expires", "7200"),
]


async def main(options: dict[str, Any]) -> None:
    edge = Edge(options)
    await edge.start()
    control.report("ready")
    await control.serve(lambda command: carry_out(edge, command))


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
