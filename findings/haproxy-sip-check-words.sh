#!/usr/bin/env bash
# HAProxy's tcp-check calls a wrong SIP answer a silence, unless told how many bytes make an answer.
#
# One would expect a check "send OPTIONS, expect SIP/2.0 200" to fail at once, with the words for a wrong answer, when a SIP
# server says 503. SIP keeps the connection open after an answer, so the check goes on waiting for bytes that could still
# match, and ends a second later as L7TOUT: the admin looks for a firewall or a hanging server where one has spoken. With
# "min-recv 11", the length of what is expected, the same answer is L7RSP at once.
#
# Seen on 30 November 2026 with HAProxy 2.6.12 of Debian 12. In this project: docs/reliability.md says how to check an edge.
set -euo pipefail
version=2.6.12-1+deb12u4
folder=$(mktemp -d)
server= proxy=
trap '[ -z "$server$proxy" ] || kill $server $proxy 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq "haproxy=$version" 2>/dev/null
dpkg-deb -x haproxy_*.deb root

cat > busy.py <<'PY'
"""A SIP server that is not to be used now: it answers every OPTIONS with 503 and keeps the connection open."""
import asyncio

async def serve(reader, writer):
    try:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"SIP/2.0 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
        await reader.read()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    writer.close()

async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
PY
cat > verdict.py <<'PY'
"""Prints how HAProxy calls its first failed check, as soon as there is one; PATH of its socket."""
import csv, io, socket, sys, time

for _ in range(100):
    time.sleep(0.1)
    with socket.socket(socket.AF_UNIX) as asked:
        try:
            asked.connect(sys.argv[1])
        except OSError:
            continue
        asked.sendall(b"show stat\n")
        text = b"".join(iter(lambda: asked.recv(65536), b"")).decode()
    (row,) = [row for row in csv.DictReader(io.StringIO(text)) if row["svname"] == "busy"]
    if row["status"] == "DOWN":
        print(row["check_status"])
        break
PY
python3 busy.py > port &
server=$!
until [ -s port ]; do sleep 0.05; done

verdict() { # options of the expect line
    cat > haproxy.cfg <<CFG
global
  stats socket $folder/stats
defaults
  mode tcp
  timeout connect 1s
  timeout client 5s
  timeout server 5s
backend sip
  option tcp-check
  timeout check 1s
  tcp-check connect
  tcp-check send OPTIONS\ sip:edge.example.com\ SIP/2.0\r\nContent-Length:\ 0\r\n\r\n
  tcp-check expect $1 string SIP/2.0\ 200
  server busy 127.0.0.1:$(cat port) check inter 300ms fall 1
CFG
    root/usr/sbin/haproxy -db -f haproxy.cfg > log 2>&1 &
    proxy=$!
    python3 verdict.py "$folder/stats"
    kill "$proxy"
    wait "$proxy" 2>/dev/null || true
    proxy=
}
plain=$(verdict "") told=$(verdict "min-recv 11")
echo "a 503 on an open connection: $plain; with min-recv 11: $told"
[ "$plain" = L7TOUT ] && [ "$told" = L7RSP ]
