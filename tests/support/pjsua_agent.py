"""A pjsua2 user agent over TLS in a process of its own (pjsip allows one endpoint a process).

``Agent`` is the test's side of it; run as a program, this file is the agent. They talk in JSON lines: commands on the
agent's standard input (``do``: message, status, watch, call, transfer, hang up), events on its output (``event``).
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

LIMIT = 15.0
"""Seconds until a test gives up waiting for an event."""
PORT = 5061

Event = dict[str, Any]


@dataclass(frozen=True)
class Options:
    """What an agent is."""

    address: str
    """It listens here on 5061."""
    uri: str
    edge: str
    """Address of the edge, its outbound proxy."""
    contact: str
    """Contact of its requests, a URI: through the edge where answers out of a dialog shall pass it."""
    certificate: str
    key: str
    trusted: str
    log: str
    session: int = 0
    """Seconds of its session timers (RFC 4028), which it insists on; 0: as pjsua has them."""
    reliable: bool = False
    """Whether it rings reliably (RFC 3262) before it answers, and insists on that."""


class Agent:
    """A running agent. A context manager: ready inside, gone outside."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._events: list[Event] = []
        self._changed = threading.Condition()
        self._process: subprocess.Popen[str]
        self._reader: threading.Thread

    def __enter__(self) -> Agent:
        command = [sys.executable, __file__, json.dumps(asdict(self._options))]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.expect("ready")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        self._process.stdout.close()
        log = Path(self._options.log)
        if error is not None and log.exists():
            error.add_note(f"== {self._options.uri}\n{log.read_text(errors='replace')}")

    def do(self, command: str, **fields: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": command, **fields}) + "\n")
        self._process.stdin.flush()

    def expect(self, event: str, **fields: object) -> Event:
        """The first event, past or to come, of this name with these fields; every one is taken once."""
        wanted = {"event": event, **fields}
        with self._changed:
            self._changed.wait_for(lambda: self._find(wanted) or not self._reader.is_alive(), LIMIT)
            found = self._find(wanted)
            assert found, f"{self._options.uri} never reported {wanted}, only {self._events}"
            self._events.remove(found)
            return found

    def _find(self, wanted: Event) -> Event | None:
        return next((event for event in self._events if wanted.items() <= event.items()), None)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._changed:
                self._events.append(json.loads(line))
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()


def main(options: Options) -> None:
    """The agent's process: everything happens in this thread, commands come through a queue from another one."""
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # pjsip prints its banner there

    import pjsua2 as pj

    def report(event: str, **fields: object) -> None:
        output.write(json.dumps({"event": event, **fields}) + "\n")
        output.flush()

    class Call(pj.Call):  # type: ignore[misc]
        def onCallState(self, prm: Any) -> None:
            info = self.getInfo()
            report("call", state=info.stateText, code=info.lastStatusCode)

    class Buddy(pj.Buddy):  # type: ignore[misc]
        def onBuddyState(self) -> None:
            info = self.getInfo()
            report("presence", of=info.uri, subscription=info.subStateName, note=info.presStatus.note)

    class Account(pj.Account):  # type: ignore[misc]
        def onInstantMessage(self, prm: Any) -> None:
            report("message", sender=prm.fromUri, body=prm.msgBody)

        def onInstantMessageStatus(self, prm: Any) -> None:
            report("sent", code=prm.code)

        def onIncomingSubscribe(self, prm: Any) -> None:
            prm.code = 200
            report("watched", by=prm.fromUri)

        def onIncomingCall(self, prm: Any) -> None:
            calls.append(Call(self, prm.callId))
            if options.reliable:
                calls[-1].answer(_operation(pj, 183))
            calls[-1].answer(_operation(pj, 200))

    calls: list[Call] = []
    buddies: list[Buddy] = []
    endpoint = _endpoint(pj, options)
    account = Account()
    account.create(_account(pj, options))

    def carry_out(command: Event) -> None:
        match command["do"]:
            case "message" | "watch":
                buddies.append(_buddy(pj, Buddy(), account, command["to"], command["do"] == "watch"))
                if command["do"] == "message":
                    text = pj.SendInstantMessageParam()
                    text.content = command["body"]
                    buddies[-1].sendInstantMessage(text)
            case "status":
                status = pj.PresenceStatus()
                status.status, status.note = pj.PJSUA_BUDDY_STATUS_ONLINE, command["note"]
                account.setOnlineStatus(status)
            case "call":
                calls.append(Call(account))
                calls[-1].makeCall(command["to"], pj.CallOpParam(True))
            case "transfer":
                calls[-1].xfer(command["to"], pj.CallOpParam(True))
            case "hang up":
                calls[-1].hangup(_operation(pj, 0))

    report("ready")
    for command in _commands(endpoint):
        carry_out(command)
    calls.clear()
    buddies.clear()
    account.shutdown()
    endpoint.libDestroy()


def _commands(endpoint: Any) -> Iterator[Event]:
    """Commands as they come, with pjsip's events handled in between; ends when the test closes the pipe."""
    waiting: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def read() -> None:
        for line in sys.stdin:
            waiting.put(line)
        waiting.put(None)

    threading.Thread(target=read, daemon=True).start()
    while True:
        endpoint.libHandleEvents(10)
        while not waiting.empty():
            line = waiting.get()
            if line is None:
                return
            yield json.loads(line)


def _endpoint(pj: Any, options: Options) -> Any:
    config = pj.EpConfig()
    config.uaConfig.threadCnt, config.uaConfig.mainThreadOnly = 0, True
    config.logConfig.level, config.logConfig.consoleLevel, config.logConfig.filename = 5, 0, options.log
    config.logConfig.msgLogging = 1
    config.medConfig.threadCnt, config.medConfig.noVad = 0, True
    endpoint = pj.Endpoint()
    endpoint.libCreate()
    endpoint.libInit(config)
    endpoint.transportCreate(pj.PJSIP_TRANSPORT_TLS, _transport(pj, options))
    endpoint.libStart()
    endpoint.audDevManager().setNullDev()
    return endpoint


def _transport(pj: Any, options: Options) -> Any:
    transport = pj.TransportConfig()
    transport.port, transport.boundAddress, transport.publicAddress = PORT, options.address, options.address
    tls = transport.tlsConfig
    tls.certFile, tls.privKeyFile, tls.CaListFile = options.certificate, options.key, options.trusted
    tls.verifyServer = tls.verifyClient = tls.requireClientCert = True
    return transport


def _account(pj: Any, options: Options) -> Any:
    config = pj.AccountConfig()
    config.idUri = f"<{options.uri}>"
    config.sipConfig.contactForced = f"<{options.contact}>"
    config.sipConfig.proxies.append(f"sip:{options.edge}:{PORT};transport=tls;lr")
    config.mediaConfig.transportConfig.boundAddress = options.address
    if options.session:
        config.callConfig.timerUse = pj.PJSUA_SIP_TIMER_ALWAYS
        config.callConfig.timerMinSESec = config.callConfig.timerSessExpiresSec = options.session
    if options.reliable:
        config.callConfig.prackUse = pj.PJSUA_100REL_MANDATORY
    return config


def _buddy(pj: Any, buddy: Any, account: Any, uri: str, watch: bool) -> Any:
    config = pj.BuddyConfig()
    config.uri, config.subscribe = uri, watch
    buddy.create(account, config)
    return buddy


def _operation(pj: Any, status: int) -> Any:
    operation = pj.CallOpParam(True)
    operation.statusCode = status
    return operation


if __name__ == "__main__":
    main(Options(**json.loads(sys.argv[1])))
