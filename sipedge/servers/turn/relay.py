"""TURN beside a running edge: one coturn follows the settings; how it stands."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import shutil
import signal

from sipedge.printable import escaped
from sipedge.servers.engine import Engine
from sipedge.servers.folder import owner_for, write_folder
from sipedge.servers.state import ServiceState
from sipedge.settings import Settings
from sipedge.web_settings import Turn

from .allocations import allocations
from .contents import CONFIG, Wanted, wanted
from .stun import ask

logger = logging.getLogger("sipedge.turn")

NAME = "TURN"
PROGRAM = "turnserver"
USER = "turnserver"
"""As whom it runs where the edge is root: the Debian package makes this user."""
ABSENT = "coturn is not installed: install the Debian package coturn"
LONGEST_LINE = 500
"""Characters of its lines that are logged: strangers can have a part in them."""
_PROBLEM = re.compile(r"Cannot bind .*listener socket to addr (\S+)")
_REFUSED = re.compile(r"\d+: : ERROR: check_stun_auth: (.*)")


class Relay:
    """``follow`` at the start and after each reload; ``aclose`` at the end. Lives in the event loop."""

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._wanted: Wanted | None = None
        self._version, self._fault, self._alert = "", "", ""
        """``_fault``: why the last change was not taken over; ``_alert``: what coturn cannot do."""
        self._next: Settings | None = None
        self._change = asyncio.Event()
        self._told = ""
        self._task: asyncio.Task[None] | None = None

    def follow(self, settings: Settings) -> None:
        """Bring the engine to these settings, soon; nothing is started while there is no ``[turn]``."""
        if settings.turn is None and self._task is None:
            return
        self._next = settings
        self._change.set()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    def services(self) -> tuple[ServiceState, ...]:
        """None or one."""
        if self._wanted is None and not self._fault:
            return ()
        reason = self._reason()
        engine, turn = self._engine, self._wanted.turn if self._wanted is not None else None
        return (
            ServiceState(
                NAME,
                active=not reason,
                reason=reason,
                pending=self._change.is_set(),
                restarts=engine.restarts if engine is not None else 0,
                processes=(engine.pid if engine is not None else 0,),
                version=self._version,
                allocations=allocations(turn) if turn is not None and not reason else 0,
            ),
        )

    def costs(self, turn: Turn | None) -> list[str]:
        """What a change to these settings costs: none or one sentence."""
        now = self._wanted.turn if self._wanted is not None else None
        if turn == now:
            return []
        if turn is None:
            return [f"{NAME}: coturn is ended, with every allocation"]
        return [f"{NAME}: coturn is started" + (" again, and every allocation ends" if now is not None else "")]

    async def aclose(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._end()

    async def _run(self) -> None:
        while True:
            await self._change.wait()
            self._fault = ""
            try:
                assert self._next is not None
                await self._apply(self._next)
            except OSError as error:
                self._fault = str(error)
            except Exception:  # the next change finds somebody who heeds it
                logger.exception("TURN: the change failed")
                self._fault = "the last change failed; the log says how"
            self._change.clear()
            self._tell()

    async def _apply(self, settings: Settings) -> None:
        """Raises OSError; then what was in force goes on."""
        if settings.turn is None:
            await self._end()
            logger.info("TURN is off")
            return
        program = _find()
        new = await asyncio.to_thread(wanted, settings, settings.turn)
        old, folder = self._wanted, settings.turn.folder
        write_folder(folder, new.files(), owner_for(USER))
        self._wanted = new
        if self._engine is None:
            self._version = await _version(program)
            self._engine = self._started(program, folder)
        elif old is not None and old.turn != new.turn:
            await self._end_engine()
            self._engine = self._started(program, folder)
        elif old != new:
            self._engine.reload()

    def _started(self, program: str, folder: str) -> Engine:
        return Engine(
            "coturn",
            [program, "-c", os.path.join(folder, CONFIG)],
            owner_for(USER),
            on_line=self._line,
            ask=self._ask,
            on_change=self._tell,
            reload_signal=signal.SIGUSR2,  # certificate and key
            low_ports=True,
        )

    async def _ask(self) -> None:
        if self._wanted is None:
            raise OSError("it is being ended")
        await ask(self._wanted.turn.address, self._wanted.turn.port)
        self._alert = ""

    async def _end(self) -> None:
        self._wanted, self._fault, self._told = None, "", ""  # first: its end is no news
        await self._end_engine()

    async def _end_engine(self) -> None:
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.aclose()
        self._alert = ""

    def _reason(self) -> str:
        """Why not everything can be had; '' when it can."""
        if self._fault:
            return self._fault
        return "" if self._engine is not None and self._engine.answers else self._alert or "coturn does not answer"

    def _tell(self) -> None:
        """What has changed since it was told last, into the log."""
        states = self.services()
        now = ("Active" if states[0].active else f"Inactive: {states[0].reason}") if states else ""
        is_starting = not self._told and now.endswith("coturn does not answer")
        if now and now != self._told and not is_starting:
            level = logging.INFO if now == "Active" else logging.WARNING
            logger.log(level, 'Module="TURN" TURN is %s', now)
            self._told = now

    def _line(self, text: str) -> None:
        text = text[:LONGEST_LINE]
        if found := _PROBLEM.search(text):
            self._alert = f"coturn cannot listen on {escaped(found[1])}: somebody else does"
            self._tell()
        if found := _REFUSED.fullmatch(text):
            logger.warning('Module="TURN" %s', escaped(found[1]))
        else:
            logger.debug("coturn: %s", escaped(text))


def _find() -> str:
    """Its path. Raises OSError with one sentence when it is not installed."""
    path = shutil.which(PROGRAM)
    if path is None:
        raise OSError(ABSENT)
    return path


async def _version(program: str) -> str:
    """``4.6.1``. Raises OSError."""
    process = await asyncio.create_subprocess_exec(
        program, "--version", stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    return out.decode(errors="replace").strip().splitlines()[-1] if out.strip() else ""
