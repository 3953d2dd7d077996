"""python -m tools.bench.web: what HAProxy's worker costs a published request, as generated and as written by hand.

Both run at the same time in front of one server, and take turns; processor time is what the scheduler counted for the
worker (proc(5), schedstat). The configuration by hand has what the same service needs: TLS both ways, one name, one
server that is checked, a cookie; none of the other refusals, no log.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ssl
import sys
from pathlib import Path
from statistics import median

from dialplan.language.parser import parse_dialplan
from dialplan.search.search import CompiledPlan
from sipedge.lab.parties.http import read_request, response
from sipedge.servers.haproxy.process import Haproxy
from sipedge.servers.haproxy.wanted import Wanted
from sipedge.servers.web.contents import wanted
from sipedge.servers.web.pools import pools_of
from sipedge.settings import Certificate, Settings, Tls
from sipedge.web_settings import Publish, Web

from .certificates import PROXY_NAMES, Certificates, make_certificates
from .program import run_in_folder

NAME, SERVER, PORT = PROXY_NAMES[0], "127.0.0.4", 4443
GENERATED, BY_HAND = "127.0.0.2", "127.0.0.3"
CONNECTIONS = 8
BODY = b"x" * 2000
HAND = """\
defaults
  mode http
  option forwardfor
  timeout connect 5s
  timeout client 60s
  timeout server 300s
  timeout tunnel 1h
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
    plan = CompiledPlan(parse_dialplan("", "none"))
    tls = Tls(server=(pair,), trusted=str(made.trusted))
    settings = Settings(NAME, (NAME,), (), plan, tls=tls, web=web, secret=b"bench")
    return wanted(settings, web, pools_of(web, {}))


async def _started(name: str, folder: Path, what: Wanted) -> Haproxy:
    proxy = Haproxy(name)
    await proxy.bring(str(folder), what)
    async with asyncio.timeout(20):
        while not (proxy.is_current and any(row["check_status"] == "L7OK" for row in _rows(proxy))):
            await asyncio.sleep(0.1)
    return proxy


def _rows(proxy: Haproxy) -> list[dict[str, str]]:
    return [dict(row) for row in proxy.answer.rows] if proxy.answer is not None else []


def _seconds(proxy: Haproxy) -> float:
    """Processor time of the worker so far."""
    worker = Path(f"/proc/{proxy.pid}/task/{proxy.pid}/children").read_text().split()[0]
    tasks = Path(f"/proc/{worker}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


async def _load(address: str, trusted: Path, connections: int, requests: int) -> None:
    context = ssl.create_default_context(cafile=str(trusted))
    ask = f"GET /abs/handler/x HTTP/1.1\r\nHost: {NAME}\r\nUser-Agent: OC/4.0\r\nAccept: */*\r\n\r\n".encode()

    async def one() -> None:
        reader, writer = await asyncio.open_connection(address, 443, ssl=context, server_hostname=NAME)
        for _ in range(requests):
            writer.write(ask)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(head.decode())
            await reader.readexactly(len(BODY))
        writer.transport.abort()

    await asyncio.gather(*(one() for _ in range(connections)))


async def measure(folder: Path, rounds: int, requests: int) -> None:
    """Prints microseconds for a request on an open connection, and for a connection with one request."""
    made = make_certificates(folder)
    folder.chmod(0o755)  # as root, HAProxy is another user
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(made.certificate("edge"), made.key("edge"))
    server = await asyncio.start_server(_serve, SERVER, PORT, ssl=tls)
    first = _generated(made, folder / "generated")
    by_hand = HAND.format(address=BY_HAND, name=NAME, server=SERVER, port=PORT)
    proxies = {
        GENERATED: await _started("generated", folder / "generated", first),
        BY_HAND: await _started("by hand", folder / "by-hand", Wanted(by_hand, first.files)),
    }
    try:
        for title, connections, each in (("request", CONNECTIONS, requests), ("connection", CONNECTIONS * 25, 1)):
            costs: dict[str, list[float]] = {address: [] for address in proxies}
            for number in range(rounds):
                for address in sorted(proxies, reverse=bool(number % 2)):
                    before = _seconds(proxies[address])
                    await _load(address, made.trusted, connections, each)
                    costs[address].append((_seconds(proxies[address]) - before) * 1e6 / (connections * each))
            ratio = median(a / b for a, b in zip(costs[GENERATED], costs[BY_HAND], strict=True))
            ours, theirs = median(costs[GENERATED]), median(costs[BY_HAND])
            print(f"a {title}: generated {ours:.1f} µs, by hand {theirs:.1f} µs, ratio {ratio:.3f}")
    finally:
        for proxy in proxies.values():
            await proxy.aclose()
        server.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.bench.web", description=__doc__)
    parser.add_argument("--rounds", type=int, default=8, help="for each of the two (default: 8)")
    parser.add_argument("--requests", type=int, default=250, help="on each connection (default: 250)")
    read = parser.parse_args()

    def run(folder: Path) -> int:
        asyncio.run(measure(folder, read.rounds, read.requests))
        return 0

    return run_in_folder("bench.web", run)


if __name__ == "__main__":
    sys.exit(main())
