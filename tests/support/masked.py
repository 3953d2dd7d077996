"""A console in which auditors and operators see pseudonyms, with decisions about people of unusual names."""

from __future__ import annotations

import json
from pathlib import Path
from time import time
from typing import Any

from starlette.testclient import TestClient
from support.configuration import write
from support.console import HOST, browser, log_in, send, with_account
from support.decisions import plan_of, record
from support.decisions import write as write_decisions
from support.recorded import carry, configuration, revision_of
from support.running_edge import rule

from sipedge.accounts.roles import Role
from sipedge.config.console_table import read_console
from sipedge.console.frame.world import world_for
from sipedge.proxy.history import Attempt
from zones.zone import Hop

STRIPPED = r"""
transform "short" {
    priority 1
    pattern type regex
    pattern "(.*)@short\.example"
    behavior replace
    replace "\1"
}
"""
RULES = (
    STRIPPED
    + rule("imp", r".*@example\.com", "IM&P", 20)
    + rule("rest", r".*@far\.example", "Internet", 30)
    + rule("numbers", r"[^@]*", "IM&P", 40)
)
CHANGED = RULES.replace(r".*@example\.com", r"b.*@example\.com")
CASE = """plan "edge.toml"

case "MESSAGE from Default Zone" {
    # of Zaphod.Beeblebrox
    alias "Zaphod.Beeblebrox@example.com"
    from zone "Default Zone"
    method MESSAGE
    expect rule "imp" zone "Internet" as "Zaphod.Beeblebrox@example.com" priority 20 stop
}
"""
NAMES = (
    *("zaphod", "beeblebrox", "trillian", "prefect", "marvin", "arthurdent", "4915112345678", "heartofgold"),
    *("slartibartfast", "magrathea", "vogon", "eddie", "fenchurch"),
)
"""Parts of users, display names, parameters and Call-IDs, in small letters."""
CALL_ID = "slartibartfast-7@far.example"
MESSAGE = "MESSAGE sip:{} SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bKa\r\nFrom: {}\r\nTo: <sip:{}>\r\n"
MORE = "Call-ID: {}\r\nCSeq: 1 MESSAGE\r\nContent-Length: 5\r\n\r\nvogon"
FROM = '"Ford Prefect" <sip:Trillian@far.example;gruu;opaque=app:conf:marvin>;tag=magrathea;epid=arthurdent'


def _records(folder: Path) -> list[dict[str, Any]]:
    plan, revision = plan_of(RULES), revision_of(folder)
    begun = time() - 60

    def made(number: int, alias: str, **more: Any) -> dict[str, Any]:
        given: dict[str, Any] = {"time": begun + number, "revision": revision} | more
        return record(number, alias, plan, **given)

    refused: dict[str, Any] = {
        "status": 480,
        "own": False,
        "reason": "Zaphod is asleep; ask heartofgold",
        "diagnostics": ('1003;reason="no zaphod.beeblebrox";TargetUri="vogon@example.com"',),
        "attempts": [Attempt(Hop("IM&P", "TLS", "203.0.113.5", 5061), 480)],
    }
    person = "Zaphod.Beeblebrox@example.com"
    return [
        made(1, person, call_id=CALL_ID, lines=_lines(FROM, person), request_uri=f"sip:{person}", **refused),
        made(2, "+4915112345678@far.example", request_uri="sip:+4915112345678@far.example;user=phone"),
        made(3, "heartofgold", request_uri="sip:heartofgold", lines=_lines("<tel:+4915112345678>", "heartofgold")),
        made(4, "eddie.fenchurch@short.example", request_uri="sip:eddie%2Efenchurch@short.example?Subject=marvin"),
        made(5, "bob@example.com", call_id=CALL_ID, lines=_lines("sip:zaphod.beeblebrox@EXAMPLE.com;tag=1", "bob")),
        made(6, "imp1.example.com", request_uri="sip:imp1.example.com:5061;transport=tls"),
    ]


def _lines(sender: str, to: str) -> tuple[bytes, ...]:
    return f"From: {sender}".encode(), f"To: <sip:{to};x=marvin>".encode(), b"CSeq: 1 MESSAGE"


class Masked:
    def __init__(self, folder: Path, aliases_for: str = "admin", listen: str = HOST) -> None:
        console = f'[console]\nlisten = "{listen}"\naliases_for = "{aliases_for}"\n'
        self.toml = configuration(folder, f'messages = "messages.jsonl"\n{console}')
        write(folder, RULES, "edge.dialplan")
        write(folder, CASE, "people.cases")
        write(folder, _message(), "messages.jsonl")
        self.spool = folder / "decisions.jsonl"
        write_decisions(self.spool, _records(folder))
        self.world = world_for(read_console(str(self.toml)))
        carry(self.world)
        self._clients: dict[Role, TestClient] = {}

    def of(self, role: Role) -> TestClient:
        """A browser in which somebody of this role has logged in."""
        if role not in self._clients:
            client = browser(self.world)
            assert log_in(client, with_account(self.world, role)).status_code == 303
            self._clients[role] = client
        return self._clients[role]

    def drafted(self) -> str:
        """The path of a draft in which requests go another way."""
        path = str(send(self.of(Role.ADMIN), "/drafts", "/rules", title="").headers["location"])
        send(self.of(Role.ADMIN), f"{path}/save", path, version="1", file="edge.dialplan", text=CHANGED)
        return path

    def shadowed(self, path: str) -> None:
        """The draft judges all once more."""
        send(self.of(Role.ADMIN), f"{path}/shadow", path)
        write_decisions(self.spool, _records(self.toml.parent))

    def close(self) -> None:
        self.world.desk.end()
        self.world.watch.close()


def _message() -> str:
    person = "Zaphod.Beeblebrox@example.com"
    fields = {"time": time(), "direction": "received", "connection": 1, "zone": "a", "transport": "tcp"}
    ends = {"local": "192.0.2.9:5060", "peer": "192.0.2.1:5060"}
    text = MESSAGE.format(person, FROM, person) + MORE.format(CALL_ID)
    return json.dumps({**fields, **ends, "text": text}) + "\n"
