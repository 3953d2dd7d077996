"""The edge's side of the control socket, in its event loop: few clients, short lines, and nobody is waited for long."""

from __future__ import annotations

import asyncio
import logging
import select
import socket
from collections.abc import Awaitable, Callable

from sipedge.control.answers import write_done, write_item, write_refusal
from sipedge.control.refusal import BAD_REQUEST, FAILED, FORBIDDEN, UNAVAILABLE, Refused
from sipedge.control.requests import LONGEST, Request, read_request

from .credentials import Caller, caller_of
from .place import Place

AT_ONCE = 16
"""Clients; a further one is told so, as long as there are not four times as many."""
IDLE = 60.0
"""Seconds that a client has for its next request."""
REFUSED_IDLE = 1.0
"""Seconds that a client has for its request which is refused whatever it is."""
PATIENCE = 10.0
"""Seconds that a client has to take what was written."""

logger = logging.getLogger("sipedge.control")


class Client:
    """One connection, while a request of it is answered."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, caller: Caller) -> None:
        self.caller = caller
        self._reader, self._writer = reader, writer
        self._poll = select.poll()
        self._poll.register(writer.get_extra_info("socket").fileno(), 0)

    async def item(self, value: object) -> None:
        """One more item of the answer. Raises OSError where the client is gone, or takes nothing for PATIENCE."""
        await self.write(write_item(value))

    async def write(self, line: bytes) -> None:
        """Raises OSError."""
        self._writer.write(line)
        async with asyncio.timeout(PATIENCE):
            await self._writer.drain()
        await asyncio.sleep(0)  # traffic has its turn, however many items or requests come at once

    async def line(self, seconds: float) -> bytes:
        """The next request; b'' where none comes any more. Raises OSError, Refused for an endless one."""
        try:
            async with asyncio.timeout(seconds):
                return await self._reader.readline()
        except TimeoutError:
            return b""
        except ValueError:
            raise Refused(BAD_REQUEST, f"a request is at most {LONGEST} bytes long") from None

    @property
    def is_gone(self) -> bool:
        """Whether it reads no more. One that has only closed its sending side waits for the answer."""
        return bool(self._poll.poll(0))


Answer = Callable[[Request, Client], Awaitable[object]]
"""Does what was asked; its result ends the answer. Raises Refused."""


class Service:
    """At one place at a time, or at none. Belongs to the event loop."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._place: Place | None = None
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    @property
    def place(self) -> Place | None:
        return self._place

    async def use(self, place: Place | None) -> None:
        """Serve there from now on. The place before is removed; who has connected there is still answered."""
        before, self._place = self._place, place
        if self._server is not None:
            self._server.close()
            self._server = None
        if before is not None:
            before.remove()
        if place is not None:
            # A copy, because the loop closes what it is given before the file can be removed.
            self._server = await asyncio.start_unix_server(self._begin, sock=place.socket.dup(), limit=LONGEST)

    async def aclose(self) -> None:
        """End all that is under way, and remove the place."""
        await self.use(None)
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if len(self._talks) >= 4 * AT_ONCE:
            writer.transport.abort()
            return
        self._talks.add(task)
        try:
            await self._talk(reader, writer)
        except (OSError, Refused, asyncio.CancelledError):
            writer.transport.abort()
        except Exception:
            logger.exception("a client of the control socket")
            writer.transport.abort()
        finally:
            self._talks.discard(task)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Raises OSError where the client is gone, idle or slow."""
        client = Client(reader, writer, caller_of(_socket_of(writer)))
        if refused := self._refusal(client.caller):
            await client.line(REFUSED_IDLE)  # to close on a request that was not read would reset the connection
            await client.write(write_refusal(refused))
        else:
            await self._answer_all(client)
        writer.close()
        async with asyncio.timeout(PATIENCE):
            await writer.wait_closed()

    def _refusal(self, caller: Caller) -> Refused | None:
        if self._place is None or not caller.may_ask(self._place.path):
            logger.warning("%s may not ask this edge", caller)
            return Refused(FORBIDDEN, "this edge answers its own user, root, and the group of its control socket")
        if len(self._talks) > AT_ONCE:
            return Refused(UNAVAILABLE, f"{AT_ONCE} clients ask already; try again")
        return None

    async def _answer_all(self, client: Client) -> None:
        while True:
            try:
                if not (line := await client.line(IDLE)):
                    return
                await client.write(write_done(await self._answer(read_request(line), client)))
            except Refused as refused:
                await client.write(write_refusal(refused))
                if refused.code == BAD_REQUEST:
                    return  # where the next request begins is anybody's guess
            except OSError:
                raise
            except Exception:
                logger.exception("a request on the control socket")
                await client.write(write_refusal(Refused(FAILED, "an error of the edge itself; its log says more")))


def _socket_of(writer: asyncio.StreamWriter) -> socket.socket:
    found: socket.socket = writer.get_extra_info("socket")
    return found
