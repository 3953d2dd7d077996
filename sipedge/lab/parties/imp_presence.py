"""The IM and Presence node's users on pjsua2's own classes: pager messages, presence, OPTIONS.

Account, Buddy and Endpoint do the work as they come: pjsip's dialogs, subscriptions, PIDF. It speaks TCP with
``imp_node`` on the same address, which is its outbound proxy; TLS is that one's job.
"""

from __future__ import annotations

import json
import queue
import sys
import threading
from typing import Any

import pjsua2 as pj

from . import control

_ACTIVITY = {pj.PJRPID_ACTIVITY_AWAY: "away", pj.PJRPID_ACTIVITY_BUSY: "busy"}


class User(pj.Account):  # type: ignore[misc]
    """One account; what it receives is reported."""

    def __init__(self) -> None:
        super().__init__()
        self.pending: dict[str, int] = {}
        """Commands that sent a pager message, by its text: pjsua2 hands back nothing else from Python."""

    def onInstantMessage(self, prm: Any) -> None:
        self._delivered("MESSAGE", prm.fromUri, prm.msgBody)

    def onIncomingSubscribe(self, prm: Any) -> None:
        self._delivered("SUBSCRIBE", prm.fromUri, "")

    def onInstantMessageStatus(self, prm: Any) -> None:
        number = self.pending.pop(prm.msgBody, None)
        control.report("result", id=number, ok=prm.code < 300, status=prm.code, call_id="")

    def _delivered(self, method: str, sender: str, body: str) -> None:
        control.report("delivered", method=method, sender=sender, user="", body=body, call_id="")


class Contact(pj.Buddy):  # type: ignore[misc]
    """Somebody whose presence is watched."""

    def __init__(self) -> None:
        super().__init__()
        self._subscription = 0

    def watch(self, command: int) -> None:
        """Subscribe to the presence; ``command`` gets the answer."""
        self._subscription = command
        self.subscribePresence(True)

    def onBuddyEvSubState(self, prm: Any) -> None:
        info = self.getInfo()
        if info.subState in (pj.PJSIP_EVSUB_STATE_ACCEPTED, pj.PJSIP_EVSUB_STATE_ACTIVE):
            self._answer(200)
        elif info.subState == pj.PJSIP_EVSUB_STATE_TERMINATED:
            self._answer(info.subTermCode)

    def _answer(self, status: int) -> None:
        if self._subscription:
            control.report("result", id=self._subscription, ok=status < 300, status=status, call_id="")
            self._subscription = 0

    def onBuddyState(self) -> None:
        info = self.getInfo()
        status = info.presStatus
        if status.status != pj.PJSUA_BUDDY_STATUS_UNKNOWN:
            text = _ACTIVITY.get(status.activity, status.statusText)
            control.report("delivered", method="NOTIFY", sender=info.uri, user="", body=text, call_id="")


class Presence:
    """Endpoint, one account and its contacts; everything in the main thread, as pjsua2 wants it."""

    def __init__(self, options: dict[str, Any]) -> None:
        """``options``: address, port, proxy_port, user, domain, routing_name."""
        self._options = options
        self._endpoint = pj.Endpoint()
        self._endpoint.libCreate()
        self._log = _Log()
        self._endpoint.libInit(self._configuration())
        transport = pj.TransportConfig()
        transport.port = options["port"]
        transport.boundAddress = options["address"]
        transport.publicAddress = options["address"]
        self._endpoint.transportCreate(pj.PJSIP_TRANSPORT_TCP, transport)
        self._endpoint.libStart()
        self._user = User()
        self._user.create(self._account())
        self._set_status("open")
        self._contacts: dict[str, Contact] = {}

    def _configuration(self) -> Any:
        config = pj.EpConfig()
        config.uaConfig.threadCnt = 0
        config.uaConfig.mainThreadOnly = True
        config.uaConfig.userAgent = "Cisco-Systems 12.5"
        config.logConfig.level = 2
        config.logConfig.consoleLevel = 2
        config.logConfig.writer = self._log
        return config

    def _account(self) -> Any:
        config = pj.AccountConfig()
        config.idUri = f"sip:{self._options['user']}@{self._options['domain']}"
        proxy = f"sip:{self._options['address']}:{self._options['proxy_port']};transport=tcp;lr"
        config.sipConfig.proxies = pj.StringVector([proxy])
        config.sipConfig.contactForced = f"<sip:{self._options['routing_name']}:5061;transport=TLS>"
        return config

    def poll(self) -> None:
        self._endpoint.libHandleEvents(10)

    def carry_out(self, command: control.Command) -> None:
        """Start what a command asks for; its result is reported when the answer is there."""
        match command["do"]:
            case "pager":
                message = pj.SendInstantMessageParam()
                message.content = command["text"]
                self._user.pending[command["text"]] = command["id"]
                self._contact(command["to"]).sendInstantMessage(message)
            case "subscribe":
                self._contact(command["to"]).watch(command["id"])
            case "status":
                self._set_status("open", command["note"])
                control.report("result", id=command["id"], ok=True, status=0, call_id="")

    def _contact(self, uri: str) -> Contact:
        contact = self._contacts.get(uri)
        if contact is None:
            contact = self._contacts[uri] = Contact()
            config = pj.BuddyConfig()
            config.uri = uri
            contact.create(self._user, config)
        return contact

    def _set_status(self, status: str, note: str = "") -> None:
        presence = pj.PresenceStatus()
        presence.status = pj.PJSUA_BUDDY_STATUS_ONLINE if status == "open" else pj.PJSUA_BUDDY_STATUS_OFFLINE
        presence.note = note
        presence.activity = pj.PJRPID_ACTIVITY_AWAY if note else pj.PJRPID_ACTIVITY_UNKNOWN
        self._user.setOnlineStatus(presence)

    def close(self) -> None:
        self._contacts.clear()
        self._user.shutdown()
        self._endpoint.libDestroy()


class _Log(pj.LogWriter):  # type: ignore[misc]
    def write(self, entry: Any) -> None:
        sys.stderr.write(entry.msg)


def main(options: dict[str, Any]) -> None:
    commands: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def read() -> None:
        for line in sys.stdin:
            commands.put(line)
        commands.put(None)

    control.keep_stdout()
    presence = Presence(options)
    threading.Thread(target=read, daemon=True).start()
    control.report("ready")
    while True:
        presence.poll()
        while not commands.empty():
            line = commands.get()
            if line is None:
                return presence.close()
            presence.carry_out(json.loads(line))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
