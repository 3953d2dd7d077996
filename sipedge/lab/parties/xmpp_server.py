"""An XMPP server of the lab: a stock Prosody, and this party as its users.

The party joins the server as an external component (XEP-0114) that has the whole domain, so that no accounts and no
client are needed. It answers a subscription with presence, and reports what its users get.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
import sys
from pathlib import Path
from typing import Any, TypeAlias
from xml.etree.ElementTree import Element, XMLPullParser
from xml.sax.saxutils import escape, quoteattr

from . import control

COMPONENT_PORT = 5347
START = 20.0
"""Seconds that the server has to take the component."""
_CONFIG = """\
run_as_root = true
data_path = "{folder}"
log = {{ {{ to = "console", levels = {{ min = "info" }} }} }}
interfaces = {{ "{address}" }}
component_interfaces = {{ "{address}" }}
component_ports = {{ {port} }}
modules_enabled = {{ "s2s", "tls", "dialback" }}
modules_disabled = {{ "c2s", "s2s_direct_tls" }}
s2s_require_encryption = true
s2s_secure_auth = false
ssl = {{ certificate = "{certificate}", key = "{key}", cafile = "{trusted}" }}
unbound = {{
  resolvconf = false, hoststxt = false, forward = {{ "{dns}" }}, options = {{ ["do-not-query-localhost:"] = "no" }}
}}
VirtualHost "lab.invalid"
Component "{domain}"
component_secret = "{secret}"
"""
Parser: TypeAlias = "XMLPullParser[Any]"


class Users:
    """Everybody at the domain."""

    def __init__(self, domain: str) -> None:
        self._domain = domain
        self._writer: asyncio.StreamWriter | None = None
        self._show = ""
        """Presence of all; '' is available."""
        self._watchers: set[tuple[str, str]] = set()
        """Who is watched, and by whom."""

    async def join(self, address: str, secret: str) -> Parser:
        """Open the component's stream; what comes on it is fed to the parser. Raises OSError."""
        self._reader, self._writer = await asyncio.open_connection(address, COMPONENT_PORT)
        self._send(
            "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' "
            f"xmlns:stream='http://etherx.jabber.org/streams' to={quoteattr(self._domain)}>"
        )
        parser: Parser = XMLPullParser(("start", "end"))
        _, stream = await self._next(parser)
        proof = hashlib.sha1((stream.get("id", "") + secret).encode(), usedforsecurity=False).hexdigest()
        self._send(f"<handshake>{proof}</handshake>")
        event = ""
        while event != "end":  # of the handshake, which is all that comes before stanzas
            event, _ = await self._next(parser)
        return parser

    async def read(self, parser: Parser) -> None:
        """Each stanza, until the server ends the stream."""
        depth = 0
        while True:
            event, element = await self._next(parser)
            depth += 1 if event == "start" else -1
            if event == "end" and depth == 0:
                self._take(element)

    def leave(self) -> None:
        if self._writer is not None:
            self._writer.close()

    def chat(self, sender: str, to: str, text: str) -> None:
        self._stanza("message", sender, to, "chat", f"<body>{escape(text)}</body>")

    def subscribe(self, sender: str, to: str) -> None:
        self._stanza("presence", sender, to, "subscribe")

    def status(self, show: str) -> None:
        """Tell all who watch."""
        self._show = show
        for watched, watcher in sorted(self._watchers):
            self._presence(watched, watcher)

    def _take(self, element: Element) -> None:
        name, kind = element.tag.rpartition("}")[2], element.get("type", "")
        sender, to = element.get("from", ""), element.get("to", "")
        if name == "presence" and kind == "subscribe":
            self._watchers.add((to, sender))
            self._stanza("presence", to, sender, "subscribed")
            self._presence(to, sender)
        found = [child.text or "" for child in element if child.tag.rpartition("}")[2] in ("body", "show")]
        if kind == "error":
            found = [child.tag.rpartition("}")[2] for child in element.iterfind("{*}error/*")]
        control.report("log", text=f"{name} {kind or 'available'} from {sender} {' '.join(found)}".strip())
        control.report("delivered", method=f"{name} {kind}".strip(), body=" ".join(found), sender=sender)

    def _presence(self, sender: str, to: str) -> None:
        self._stanza("presence", sender, to, "", f"<show>{self._show}</show>" if self._show else "")

    def _stanza(self, name: str, sender: str, to: str, kind: str, inner: str = "") -> None:
        kinds = f" type={quoteattr(kind)}" if kind else ""
        self._send(f"<{name} from={quoteattr(sender)} to={quoteattr(to)}{kinds}>{inner}</{name}>")

    def _send(self, text: str) -> None:
        assert self._writer is not None
        self._writer.write(text.encode())

    async def _next(self, parser: Parser) -> tuple[str, Any]:
        while True:
            for event in parser.read_events():
                return event[0], event[-1]
            part = await self._reader.read(65536)
            if not part:
                raise ConnectionError("the XMPP server has ended the stream")
            parser.feed(part)


async def _joined(users: Users, address: str, secret: str) -> Parser:
    async with asyncio.timeout(START):
        while True:
            try:
                return await users.join(address, secret)
            except OSError:
                await asyncio.sleep(0.1)  # the server tells nobody when it listens


async def main(options: dict[str, Any]) -> None:
    """``options``: ``domain``, ``address``, ``dns`` (``address@port``), ``folder``, certificate, key and trusted.

    Commands: ``chat`` and ``subscribe`` with ``user`` and ``to``, ``status`` with ``show``.
    """
    folder, secret = Path(options["folder"]), secrets.token_hex(16)
    folder.mkdir()
    config = folder / "prosody.cfg.lua"
    config.write_text(_CONFIG.format(**options, secret=secret, port=COMPONENT_PORT))
    with (folder / "log").open("wb") as log:
        words = ("setpriv", "--pdeathsig", "KILL", "prosody", "-F", "--config", str(config))
        server = await asyncio.create_subprocess_exec(
            *words, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=asyncio.subprocess.STDOUT
        )
    users = Users(options["domain"])
    try:
        reading = asyncio.create_task(users.read(await _joined(users, options["address"], secret)))
        control.report("ready")

        async def handle(command: control.Command) -> dict[str, Any]:
            sender = f"{command.get('user', '')}@{options['domain']}"
            if command["do"] == "chat":
                users.chat(sender, command["to"], command["text"])
            elif command["do"] == "subscribe":
                users.subscribe(sender, command["to"])
            else:
                users.status(command["show"])
            return {"ok": True}

        await control.serve(handle)
        reading.cancel()
    finally:
        users.leave()
        server.terminate()
        await server.wait()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
