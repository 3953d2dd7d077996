#!/usr/bin/env bash
# uvloop's TLS costs two page faults a message with Protocol, and none with BufferedProtocol.
#
# One would expect the faster event loop to be faster whatever the protocol. For each read of a plain Protocol over TLS,
# uvloop 0.23 takes a fresh buffer of 256 KB, which the allocator maps and unmaps: two page faults a message, which asyncio's
# own loop does not have. On a server of short messages that eats what the loop has saved; with get_buffer and
# buffer_updated (BufferedProtocol) the faults are gone.
#
# Seen on 30 November 2026 with uvloop 0.23.0, Python 3.11, glibc 2.36. In this project: sipedge/network/connection.py is a
# BufferedProtocol.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q uvloop==0.23.0
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out certificate.pem -days 2 \
    -subj /CN=localhost 2>/dev/null

cat > client.py <<'PY'
"""Sends COUNT messages of 1 KB to PORT over TLS, each after the answer to the one before."""
import socket, ssl, sys

context = ssl.create_default_context(cafile="certificate.pem")
context.check_hostname = False
with context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1])))) as connection:
    for _ in range(int(sys.argv[2])):
        connection.sendall(bytes(1024))
        missing = 1024
        while missing:
            missing -= len(connection.recv(missing))
PY
cat > echo.py <<'PY'
"""Echoes 4,000 messages over TLS; prints whole page faults a message; LOOP and PROTOCOL by name."""
import asyncio, resource, ssl, sys

COUNT = 4000

class Plain(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)

class Buffered(asyncio.BufferedProtocol):
    def connection_made(self, transport):
        self.transport, self.buffer = transport, bytearray(65536)

    def get_buffer(self, hint):
        return self.buffer

    def buffer_updated(self, count):
        self.transport.write(bytes(self.buffer[:count]))

async def main(protocol):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("certificate.pem", "key.pem")
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    client = await asyncio.create_subprocess_exec(sys.executable, "client.py", str(port), str(COUNT))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    assert await client.wait() == 0
    print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) // COUNT)

protocol = {"plain": Plain, "buffered": Buffered}[sys.argv[2]]
if sys.argv[1] == "uvloop":
    import uvloop
    uvloop.run(main(protocol))
else:
    asyncio.run(main(protocol))
PY
faults() { venv/bin/python echo.py "$@"; }
seen="$(faults asyncio plain) $(faults asyncio buffered) $(faults uvloop plain) $(faults uvloop buffered)"
echo "page faults a message: asyncio Protocol, BufferedProtocol, uvloop Protocol, BufferedProtocol: $seen"
[ "$seen" = "0 0 2 0" ]
