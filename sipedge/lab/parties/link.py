"""TLS connections of a lab party: a listener, connections it opens, and a report of every byte for the ladder."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Coroutine
from typing import Any

from . import control, sip

Receiver = Callable[["Link", sip.Message], Coroutine[Any, Any, None]]


def server_context(certificate: str, key: str, trusted: str) -> ssl.SSLContext:
    """Federation listener: the peer must show a certificate of a trusted CA."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(trusted)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def client_context(certificate: str, key: str, trusted: str) -> ssl.SSLContext:
    """Checks the chain; names are the caller's to check, because each party has rules of its own for them."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(trusted)
    return context


def names_of(certificate: dict[str, Any] | None) -> tuple[str, ...]:
    """DNS names and addresses of subjectAltName; the common name only where there is no SAN. Lower case."""
    if not certificate:
        return ()
    alternative = certificate.get("subjectAltName", ())
    if alternative:
        return tuple(value.lower() for kind, value in alternative if kind in ("DNS", "IP Address"))
    subject = (pair for part in certificate.get("subject", ()) for pair in part)
    return tuple(value.lower() for key, value in subject if key == "commonName")


class Link:
    """One open connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, silent: bool = False) -> None:
        self._reader = reader
        self._writer = writer
        self._silent = silent
        address = writer.get_extra_info("peername")
        self.peer = f"{address[0]}:{address[1]}"
        self.local_address, self.local_port = writer.get_extra_info("sockname")[:2]
        self.names = names_of(writer.get_extra_info("peercert"))
        self.keep_alives = 0
        self.open = True

    def send(self, message: sip.Message) -> None:
        """Queue a message; a connection that broke shows it in run()."""
        data = message.data()
        if not self._silent:
            control.report_message("sent", self.peer, data)
        self._writer.write(data)

    def keep_alive(self) -> None:
        """RFC 5626 3.5.1, as Microsoft's servers send it: no SIP message around it."""
        self._writer.write(b"\r\n\r\n")

    async def run(self, receive: Receiver) -> None:
        """Hand every message to ``receive``, each in a task of its own, until the connection ends."""
        tasks: set[asyncio.Task[None]] = set()
        try:
            while True:
                data, message = await sip.read(self._reader)
                if not data:
                    break
                if message is None:
                    self.keep_alives += 1
                    continue
                if not self._silent:
                    control.report_message("received", self.peer, data)
                task = asyncio.create_task(receive(self, message))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
                task.add_done_callback(_failed)
        except (ValueError, asyncio.LimitOverrunError, ssl.SSLError) as error:
            control.report("log", text=f"connection with {self.peer} dropped: {error}")
        finally:
            self.close()

    def close(self) -> None:
        self.open = False
        self._writer.close()


def _failed(task: asyncio.Task[None]) -> None:
    """One message that could not be dealt with ends nothing else."""
    if not task.cancelled() and (error := task.exception()) is not None:
        control.report("log", text=f"{type(error).__name__}: {error}")


async def connect(
    address: str,
    port: int,
    *,
    context: ssl.SSLContext | None,
    server_name: str = "",
    local_address: str = "",
    silent: bool = False,
) -> Link:
    """Open a connection from ``local_address``. Raises OSError (ssl.SSLError among them) when none comes about."""
    local = (local_address, 0) if local_address else None
    reader, writer = await asyncio.wait_for(
        asyncio.open_connection(
            address,
            port,
            ssl=context,
            server_hostname=(server_name or None) if context else None,
            local_addr=local,
            limit=1 << 20,
        ),
        5,
    )
    return Link(reader, writer, silent)


async def listen(
    address: str, port: int, *, context: ssl.SSLContext | None, receive: Receiver, silent: bool = False
) -> asyncio.Server:
    """Accept connections for good; each is read until it ends."""

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.CancelledError):  # asyncio logs the end of the loop as an error otherwise
            await Link(reader, writer, silent).run(receive)

    return await asyncio.start_server(accepted, address, port, ssl=context, limit=1 << 20)
