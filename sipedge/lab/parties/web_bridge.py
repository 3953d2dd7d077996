"""A web bridge of the lab: a page, a WebSocket that says back what it gets, and what a browser is told of TURN."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import sys
from typing import Any

from . import control
from .http import Request, echo, read_request, response, upgraded

PAGE = b"""<!DOCTYPE html>
<title>Join a meeting</title>
<h1>Join a meeting</h1>
<p>WebSocket: <output id="socket">none yet</output>
<p>TURN: <output id="candidate">none yet</output>
<script>
const say = (id, text) => { document.getElementById(id).textContent = text; };
const socket = new WebSocket(`wss://${location.host}/ws`);
socket.onopen = () => socket.send("hello");
socket.onmessage = (event) => say("socket", event.data);
async function gather() {
  const settings = await (await fetch("/settings")).json();
  const peer = new RTCPeerConnection({ iceServers: settings.turn, iceTransportPolicy: "relay" });
  peer.onicecandidate = (event) => {
    if (event.candidate && event.candidate.type === "relay") say("candidate", event.candidate.candidate);
  };
  peer.createDataChannel("media");
  await peer.setLocalDescription();
}
gather();
</script>
"""


def answer(request: Request, turn: list[dict[str, Any]]) -> bytes:
    """``turn``: RTCIceServer of WebRTC, each."""
    if request.target == "/settings":
        return response("200 OK", json.dumps({"turn": turn}).encode(), Content_Type="application/json")
    if request.target == "/":
        return response("200 OK", PAGE, Content_Type="text/html; charset=utf-8")
    return response("404 Not Found")


async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, turn: list[dict[str, Any]]) -> None:
    """One connection, until it ends."""
    with contextlib.suppress(EOFError, OSError, ValueError, LookupError):
        while True:
            request = await read_request(reader)
            control.report("log", text=f"{request.method} {request.target} for {request.headers.get('host', '')}")
            if request.target == "/ws":
                writer.write(upgraded(request))
                await echo(reader, writer)
                break
            writer.write(answer(request, turn))
            await writer.drain()
    writer.close()


async def main(options: dict[str, Any]) -> None:
    """``options``: ``address``, ``port``, ``certificate``, ``key``, ``turn``. It takes no commands."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(options["certificate"], options["key"])
    server = await asyncio.start_server(
        lambda reader, writer: converse(reader, writer, options["turn"]), options["address"], options["port"], ssl=tls
    )
    control.report("ready")

    async def handle(command: control.Command) -> dict[str, Any]:
        raise LookupError(command["do"])

    await control.serve(handle)
    server.close()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
