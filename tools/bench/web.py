"""python -m tools.bench.web: instructions that HAProxy takes for a published request, as generated and as by hand.

valgrind counts them for one process under a load and under three times as much; the difference is what the load took.
The configuration by hand has what the same service needs: TLS both ways, one name, one server that is checked, a
cookie; none of the other refusals, no log. Both check the server once a minute only, because valgrind is slow.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import re
import shutil
import signal
import ssl
import sys
from dataclasses import replace
from pathlib import Path

from dialplan.language.parser import parse_dialplan
from dialplan.search.search import CompiledPlan
from sipedge.lab.parties.http import read_request, response
from sipedge.servers.folder import write_folder
from sipedge.servers.haproxy.program import find
from sipedge.servers.haproxy.wanted import CONFIG, Wanted
from sipedge.servers.web.contents import wanted
from sipedge.servers.web.pools import pools_of
from sipedge.settings import Certificate, Settings, Tls
from sipedge.web_settings import Publish, Web

from .certificates import PROXY_NAMES, Certificates, make_certificates
from .load import Unavailable
from .program import run_in_folder

NAME, SERVER, PORT = PROXY_NAMES[0], "127.0.0.4", 4443
GENERATED, BY_HAND = "127.0.0.2", "127.0.0.3"
BODY = b"x" * 2000
START = 60.0
"""Seconds that HAProxy has to start under valgrind."""
HAND = """\
defaults
  mode http
  option forwardfor
  timeout connect 5s
  timeout client 60s
  timeout server 300s
  timeout tunnel 1h
  timeout check 60s
  default-server inter 60s
frontend outside
  bind {address}:443 ssl crt certificate-1.pem alpn http/1.1 strict-sni
  acl published hdr(host) -i {name}
  http-request deny deny_status 404 unless published
  default_backend pool
backend pool
  http-reuse never
  cookie SRV insert indirect nocache
  option httpchk GET /
  server one {server}:{port} cookie one ssl verify required ca-file trusted.pem verifyhost {name} check
"""


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(EOFError, OSError, ValueError):
        while True:
            await read_request(reader)
            writer.write(response("200 OK", BODY))
            await writer.drain()
    writer.close()


def _generated(made: Certificates, folder: Path) -> Wanted:
    rule = Publish("pool", (NAME,), (SERVER,), verify_name=NAME, plain_port=0)
    web = Web(GENERATED, plain_port=0, trusted=str(made.trusted), folder=str(folder), publish=(rule,))
    pair = Certificate(str(made.certificate("edge")), str(made.key("edge")))
    tls = Tls(server=(pair,), trusted=str(made.trusted))
    settings = Settings(NAME, (NAME,), (), CompiledPlan(parse_dialplan("", "none")), tls=tls, web=web, secret=b"bench")
    made_of = wanted(settings, web, pools_of(web, {}))
    return replace(made_of, sections=re.sub(r"(timeout check|inter) \d+s", r"\1 60s", made_of.sections))


async def _count(folder: Path, what: Wanted, address: str, trusted: Path, connections: int, requests: int) -> int:
    """Instructions of a whole life with that load."""
    write_folder(str(folder), what.in_folder(str(folder)), None)
    command = [find(), "-db", "-f", str(folder / CONFIG)]
    process = await asyncio.create_subprocess_exec(
        *("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        await _until_it_serves(address, trusted)
        for _ in range(connections):
            await _one_connection(address, trusted, requests)
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = await process.communicate()
    found = re.search(rb"Collected : (\d+)", said)
    if found is None:
        raise RuntimeError(said.decode(errors="replace")[-500:])
    return int(found[1])


async def _until_it_serves(address: str, trusted: Path) -> None:
    async with asyncio.timeout(START):
        while True:
            with contextlib.suppress(OSError, RuntimeError, EOFError):
                return await _one_connection(address, trusted, 1)
            await asyncio.sleep(0.1)


async def _one_connection(address: str, trusted: Path, requests: int) -> None:
    context = ssl.create_default_context(cafile=str(trusted))
    reader, writer = await asyncio.open_connection(address, 443, ssl=context, server_hostname=NAME)
    ask = f"GET /abs/handler/x HTTP/1.1\r\nHost: {NAME}\r\nUser-Agent: OC/4.0\r\nAccept: */*\r\n\r\n".encode()
    try:
        for _ in range(requests):
            writer.write(ask)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(head.decode())
            await reader.readexactly(len(BODY))
    finally:
        writer.transport.abort()


async def measure(folder: Path, number: int) -> None:
    """Prints the instructions of a request on an open connection, and of a connection with one request."""
    made = make_certificates(folder)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(made.certificate("edge"), made.key("edge"))
    server = await asyncio.start_server(_serve, SERVER, PORT, ssl=tls)
    generated = _generated(made, folder / GENERATED)
    by_hand = HAND.format(address=BY_HAND, name=NAME, server=SERVER, port=PORT)
    configurations = {GENERATED: generated, BY_HAND: Wanted(by_hand, generated.files)}
    for title, loads in (
        ("request", ((4, number), (4, 3 * number))),
        ("connection", ((number // 10, 1), (3 * number // 10, 1))),
    ):
        costs = {}
        for address, what in configurations.items():
            few, many = [await _count(folder / address, what, address, made.trusted, *load) for load in loads]
            times = loads[1][0] * loads[1][1] - loads[0][0] * loads[0][1]
            costs[address] = (many - few) / times / 1000
        ratio = costs[GENERATED] / costs[BY_HAND]
        print(f"a {title}: generated {costs[GENERATED]:.0f}, by hand {costs[BY_HAND]:.0f} thousand, ratio {ratio:.3f}")
    server.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.bench.web", description=__doc__)
    parser.add_argument("--number", type=int, default=400, help="of requests in the small load (default: 400)")
    read = parser.parse_args()

    def run(folder: Path) -> int:
        if shutil.which("valgrind") is None:
            raise Unavailable("valgrind is not installed")
        asyncio.run(measure(folder, read.number))
        return 0

    return run_in_folder("bench.web", run)


if __name__ == "__main__":
    sys.exit(main())
