"""``openssl s_client`` and ``s_server``: a TLS peer that shares none of our code."""

from __future__ import annotations

import asyncio
import re
from asyncio.subprocess import PIPE, STDOUT, Process
from pathlib import Path

from .certificates import Leaf

PATIENCE = 15.0


class OpenSslTool:
    """Make it with ``client`` or ``server``; use it as ``async with``. ``output`` is all it printed so far."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.output = b""

    async def __aenter__(self) -> OpenSslTool:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.communicate()

    @classmethod
    async def client(cls, address: tuple[str, int], *options: str, leaf: Leaf | None = None) -> OpenSslTool:
        return await cls._start(
            "s_client", "-connect", f"{address[0]}:{address[1]}", "-nocommands", *options, leaf=leaf
        )

    @classmethod
    async def server(cls, leaf: Leaf, *options: str) -> tuple[OpenSslTool, int]:
        """The tool and its port on 127.0.0.1."""
        tool = await cls._start("s_server", "-accept", "127.0.0.1:0", *options, leaf=leaf)
        await tool.seen(rb"ACCEPT 127\.0\.0\.1:\d+\n")
        match = re.search(rb"ACCEPT 127\.0\.0\.1:(\d+)\n", tool.output)
        assert match
        return tool, int(match[1])

    @classmethod
    async def _start(cls, *words: str, leaf: Leaf | None) -> OpenSslTool:
        own = ["-cert", str(leaf.certificate), "-key", str(leaf.key)] if leaf else []
        return cls(
            await asyncio.create_subprocess_exec("openssl", *words, *own, stdin=PIPE, stdout=PIPE, stderr=STDOUT)
        )

    def write(self, data: bytes) -> None:
        assert self._process.stdin
        self._process.stdin.write(data)

    async def seen(self, pattern: bytes) -> bytes:
        """Wait until a regular expression matches what was printed; all that was."""
        async with asyncio.timeout(PATIENCE):
            while not re.search(pattern, self.output):
                if not await self._more():
                    raise AssertionError(f"{pattern!r} not in {self.output!r}")
        return self.output

    async def end(self) -> bytes:
        """Wait until it ends; all that it printed."""
        async with asyncio.timeout(PATIENCE):
            while await self._more():
                pass
        return self.output

    async def _more(self) -> bytes:
        assert self._process.stdout
        data = await self._process.stdout.read(65536)
        self.output += data
        return data


def trusting(certificate: Path) -> tuple[str, ...]:
    """Options for a server that wants a client certificate of this CA."""
    return ("-CAfile", str(certificate), "-Verify", "3", "-verify_return_error")
