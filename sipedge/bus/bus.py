"""One worker's streams to all others, and questions with answers over them."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from typing import Protocol

from .stream import Stream
from .words import Answer, Meet, Note, Question, Word

logger = logging.getLogger("sipedge.bus")


class GoneError(Exception):
    """The worker that was asked is not there, or gave no answer in time."""


class Listener(Protocol):
    """Who takes what the others say."""

    def joined(self, worker: int) -> None:
        """From now on it can be told something."""

    def left(self, worker: int) -> None:
        """It is gone, and its connections with it."""

    def taken(self, worker: int, said: Sequence[Word]) -> None:
        """All that it said in one turn of its loop."""


class Bus:
    """Belongs to the event loop."""

    def __init__(self, worker: int) -> None:
        """``worker``: this one."""
        self.worker = worker
        self.listener: Listener
        self.answer: Callable[[int, object], Awaitable[object]]
        """What another one gets for its question."""
        self.note: Callable[[int, object], None]
        """Another one said something that wants no answer."""
        self._streams: dict[int, Stream] = {}
        self._numbers = count(1)
        self._asked: dict[int, tuple[int, asyncio.Future[object]]] = {}
        """Number of a question -> who was asked, and its answer."""
        self._answering: set[asyncio.Task[None]] = set()

    @property
    def others(self) -> list[int]:
        """Those that are there."""
        return sorted(self._streams)

    async def join(self, worker: int, end: socket.socket) -> None:
        """This is a stream to another one."""
        stream = Stream(worker, lambda: self._made(worker, stream), self._taken, lambda: self._left(worker, stream))
        await asyncio.get_running_loop().create_unix_connection(lambda: stream, sock=end)

    def _made(self, worker: int, stream: Stream) -> None:
        """Before anything that it says is taken: who hears of its connections may write to them at once."""
        before = self._streams.pop(worker, None)
        if before is not None:  # its end is still on the way
            before.close()
            self.listener.left(worker)
        self._streams[worker] = stream
        self.listener.joined(worker)

    def tell(self, worker: int, word: Word) -> bool:
        """False: it is not there."""
        stream = self._streams.get(worker)
        if stream is not None:
            stream.send(word)
        return stream is not None

    def tell_all(self, word: Word) -> None:
        for stream in self._streams.values():
            stream.send(word)

    async def ask(self, worker: int, what: object, seconds: float) -> object:
        """Raises GoneError, and what the other one raised."""
        number, future = next(self._numbers), asyncio.get_running_loop().create_future()
        self._asked[number] = worker, future
        try:
            if not self.tell(worker, Question(number, what)):
                raise GoneError(f"worker {worker} is not there")
            async with asyncio.timeout(seconds):
                answer = await future
        except TimeoutError:
            raise GoneError(f"worker {worker} gave no answer in {seconds:g} s") from None
        finally:
            del self._asked[number]
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def meet(self, worker: int, seconds: float) -> None:
        """Wait until another one has said what it has; one that is gone or hung has nothing."""
        try:
            await self.ask(worker, Meet(), seconds)
        except GoneError as error:
            logger.info("%s", error)

    async def aclose(self) -> None:
        for task in self._answering:
            task.cancel()
        for stream in list(self._streams.values()):
            stream.close()
        await asyncio.sleep(0)

    def _taken(self, worker: int, words: list[Word]) -> None:
        others = [word for word in words if not isinstance(word, Question | Answer | Note)]
        if others:
            self.listener.taken(worker, others)
        for word in words:
            if isinstance(word, Question):
                task = asyncio.get_running_loop().create_task(self._answer(worker, word))
                self._answering.add(task)
                task.add_done_callback(self._answering.discard)
            elif isinstance(word, Note):
                self.note(worker, word.what)
            elif isinstance(word, Answer) and word.number in self._asked:
                _, future = self._asked[word.number]
                if not future.done():
                    future.set_result(word.what)

    async def _answer(self, worker: int, question: Question) -> None:
        try:
            answer = None if isinstance(question.what, Meet) else await self.answer(worker, question.what)
        except Exception as error:
            answer = error
        self.tell(worker, Answer(question.number, answer))

    def _left(self, worker: int, stream: Stream) -> None:
        if self._streams.get(worker) is not stream:
            return
        del self._streams[worker]
        for asked, future in self._asked.values():
            if asked == worker and not future.done():
                future.set_result(GoneError(f"worker {worker} is gone"))
        self.listener.left(worker)
