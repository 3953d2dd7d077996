"""A stock Prosody as somebody else's XMPP server, and slixmpp as its users."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slixmpp import ClientXMPP

from .certificates import Leaf
from .processes import Program
from .third_party import require

CLIENT_PORT = 5222
PASSWORD = "secret"
LIMIT = 45.0
"""Seconds that anything may take."""


@dataclass
class Server:
    """What a stock Prosody is told; ``program`` runs it."""

    folder: Path
    address: str
    domains: Sequence[str]
    dns: str
    """``address:port`` of the only DNS server that it asks."""
    leaf: Leaf | None = None
    trusted: Path | None = None
    rooms: Sequence[str] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    """Lua expressions of further options."""
    users: Sequence[str] = ("user",)

    def program(self) -> Program:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "prosody.cfg.lua").write_text(self._config())
        for domain in self.domains:
            accounts = self.folder / domain.replace(".", "%2e").replace("-", "%2d") / "accounts"
            accounts.mkdir(parents=True, exist_ok=True)
            for user in self.users:
                (accounts / f"{user}.dat").write_text(f'return {{ ["password"] = "{PASSWORD}" }}\n')
        command = [require("prosody"), "-F", "--config", self.folder / "prosody.cfg.lua"]
        return Program(command, self.folder / "log", listens=[(self.address, 5269), (self.address, CLIENT_PORT)])

    def _config(self) -> str:
        host, port = self.dns.split(":")
        options = {
            "run_as_root": "true",
            "data_path": f'"{self.folder}"',
            "authentication": '"internal_plain"',
            "allow_unencrypted_plain_auth": "true",
            "c2s_require_encryption": "false",
            "interfaces": f'{{ "{self.address}" }}',
            "modules_enabled": '{ "roster", "saslauth", "tls", "dialback", "disco", "ping" }',
            "s2s_secure_auth": "false",
            "log": '{ { to = "console", levels = { min = "debug" } } }',
            "unbound": f'{{ resolvconf = false, forward = {{ "{host}@{port}" }}, '
            'options = { ["do-not-query-localhost:"] = "no" } }',
        }
        if self.leaf is not None:
            ca = f', cafile = "{self.trusted}"' if self.trusted else ""
            options["ssl"] = f'{{ certificate = "{self.leaf.certificate}", key = "{self.leaf.key}"{ca} }}'
        options |= self.options
        lines = [f"{key} = {value}" for key, value in options.items()]
        lines += [f'VirtualHost "{domain}"' for domain in self.domains]
        lines += [
            f'Component "{room}" "muc"\nrestrict_room_creation = false\nmuc_room_locking = false' for room in self.rooms
        ]
        return "\n".join(lines) + "\n"


class User(ClientXMPP):  # type: ignore[misc]
    """One user, logged in without TLS; what comes for it is kept."""

    def __init__(self, jid: str) -> None:
        super().__init__(jid, PASSWORD)
        self.enable_starttls = self.enable_direct_tls = False
        self.enable_plaintext = True
        self.plugin["feature_mechanisms"].unencrypted_plain = True
        self.register_plugin("xep_0045")
        self.received: asyncio.Queue[Any] = asyncio.Queue()
        self.presences: asyncio.Queue[Any] = asyncio.Queue()
        self.add_event_handler("message", self.received.put_nowait)
        self.add_event_handler("message_error", self.received.put_nowait)
        self.add_event_handler("presence", self.presences.put_nowait)

    async def next_message(self) -> Any:
        """The next one, an error or not. TimeoutError when none comes."""
        return await asyncio.wait_for(self.received.get(), LIMIT)

    async def next_presence(self, kind: str, from_domain: str) -> Any:
        async with asyncio.timeout(LIMIT):
            while True:
                presence = await self.presences.get()
                if presence["type"] == kind and presence["from"].domain == from_domain:
                    return presence


@asynccontextmanager
async def logged_in(jid: str, address: str) -> AsyncIterator[User]:
    user = User(jid)
    started = asyncio.get_running_loop().create_future()
    user.add_event_handler("session_start", lambda _: started.done() or started.set_result(None))
    user.connect(address, CLIENT_PORT)
    try:
        await asyncio.wait_for(started, LIMIT)
        user.send_presence()
        await user.get_roster()
        yield user
    finally:
        await user.disconnect(wait=0.5)
