"""XMPP federation beside a running edge: both processes follow the settings, and one value says how it stands."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any

from sipedge.servers.haproxy.process import Haproxy
from sipedge.servers.haproxy.wanted import Wanted
from sipedge.servers.state import ServiceState, Stream
from sipedge.settings import BY_HAND, Settings, Xmpp
from zones.addresses import host_port

from .checker import check
from .contents import Contents, contents_of, folder_of, sides_of
from .cost import costs, when
from .events import link_line
from .pair import link_folder, link_of
from .prosody import ONCE, Secrets
from .side import Side

logger = logging.getLogger("sipedge.xmpp")

PROGRAM, CHECKER = "prosody", "prosodyctl"
ABSENT = "Prosody is not installed: install the Debian packages prosody, prosody-modules and lua-unbound"
NEVER = datetime.max.replace(tzinfo=UTC)
LOOK_INTERVAL = 1.0
"""Seconds between two comparisons of the state with the one that was last told."""


class Federation:
    """``follow`` at the start and after each reload; ``aclose`` at the end. Lives in the event loop."""

    def __init__(self) -> None:
        self._secrets = Secrets(*(ONCE + token_hex(32) for _ in range(3)))
        self._all = {name: Side(name, self._secrets.token) for name in ("outside", "inside")}
        self._link = Haproxy("HAProxy (link)", on_log=link_line)
        """Runs where the other side is another edge."""
        self._link_now: Wanted | None = None
        self._link_next: Wanted | None = None
        """What it has, and what it has after the next restart of the process that uses it."""
        self._xmpp: Xmpp | None = None
        self._wanted: Settings | None = None
        self._fault = ""
        """Why nothing can be run, or the last change was not taken over."""
        self._pending: list[tuple[Side, Contents]] = []
        self._change = asyncio.Event()
        self._applying = False
        self._program = ""
        self._restart_at = NEVER
        self._told = ""
        self._was_behind = False
        self._task: asyncio.Task[None] | None = None

    def follow(self, settings: Settings) -> None:
        """Bring the processes to these settings, soon; nothing is started while there is no ``[xmpp]``."""
        if settings.xmpp is None and self._task is None:
            return
        self._wanted = settings
        self._change.set()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    def state(self) -> ServiceState | None:
        """None: there is no ``[xmpp]``."""
        if self._xmpp is None:
            return None
        reason = self._reason(self._xmpp)
        sides = self._sides
        return ServiceState(
            "XMPP federation",
            active=not reason,
            reason=reason,
            pending=self._is_behind(),
            restart=when(self._xmpp) if self._pending else "",
            restarts=sum(engine.restarts for engine in self._engines),
            processes=tuple(engine.pid for engine in self._engines),
            version=str(sides[0].answer.get("version", "")),
            streams=tuple(map(_stream, self._all["outside"].answer.get("streams", ()))),
        )

    @property
    def _sides(self) -> list[Side]:
        return [self._all[name] for name in (sides_of(self._xmpp) if self._xmpp is not None else ())]

    @property
    def _engines(self) -> list[Side | Haproxy]:
        alone = self._xmpp is None or self._xmpp.role == "both"
        return [*self._sides, *([] if alone else [self._link])]

    def services(self) -> tuple[ServiceState, ...]:
        """``state`` among those of other services: none or one."""
        state = self.state()
        return () if state is None else (state,)

    async def costs(self, settings: Settings) -> list[str]:
        """What ``follow`` would cost, one sentence each."""
        if settings.xmpp is None:
            return [] if self._xmpp is None else ["XMPP federation: its processes are ended"]
        if self._xmpp is None:
            return ["XMPP federation: its processes are started"]
        if self._xmpp.role != settings.xmpp.role:
            return [f"XMPP federation: its processes are ended, and those of the role {settings.xmpp.role} are started"]
        try:
            return await asyncio.to_thread(costs, settings, settings.xmpp)
        except OSError as error:
            return [f"XMPP federation: what follows is not known, because {error}"]

    def restart(self) -> list[str]:
        """Have the changes that wait for it take effect now; what is restarted, nothing where none waits."""
        self._restart_at = datetime.now(UTC)
        return [f"XMPP federation ({side.name})" for side, _ in self._pending]

    def _is_behind(self) -> bool:
        """Whether something that is wanted is not in force yet."""
        unread = not all(engine.is_current for engine in self._engines)
        return self._change.is_set() or self._applying or bool(self._pending) or unread

    async def aclose(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._end()

    async def _end(self) -> None:
        self._link_now = self._link_next = None
        await asyncio.gather(self._link.aclose(), *(side.aclose() for side in self._all.values()))

    async def _run(self) -> None:
        while True:
            try:
                await asyncio.wait_for(self._change.wait(), self._wait())
            except TimeoutError:
                if self._xmpp is not None and self._pending and datetime.now(UTC) >= self._restart_at:
                    await self._restart_pending(self._xmpp)
            else:
                self._change.clear()
                self._applying = True
                try:
                    await self._apply()
                except Exception:  # the next change finds somebody who heeds it
                    logger.exception("XMPP federation: the change failed")
                    self._fault = "the last change failed; the log says how"
                self._applying = False
            self._tell()

    def _wait(self) -> float | None:
        return None if self._xmpp is None else LOOK_INTERVAL

    async def _apply(self) -> None:
        settings = self._wanted
        assert settings is not None
        before, self._xmpp = self._xmpp, settings.xmpp
        self._fault, self._pending = "", []
        if settings.xmpp is None:
            await self._end()
            logger.info("XMPP federation is off")
            return
        program, checker = shutil.which(PROGRAM), shutil.which(CHECKER)
        if program is None or checker is None:
            self._fault = ABSENT
            return
        if before is not None and (before.folder, before.role) != (settings.xmpp.folder, settings.xmpp.role):
            await self._end()
        try:
            await self._bring(program, checker, settings, settings.xmpp)
        except OSError as error:
            self._fault = str(error)

    async def _bring(self, program: str, checker: str, settings: Settings, xmpp: Xmpp) -> None:
        """All are checked before any is touched. Raises OSError."""
        wanted = []
        for side in self._sides:
            contents = await asyncio.to_thread(self._contents, side.name, settings, xmpp)
            await check(checker, folder_of(xmpp, side.name), contents)
            wanted.append((side, contents))
        pending = [(side, contents) for side, contents in wanted if side.needs_restart(contents)]
        waits = bool(pending and xmpp.restart_time)
        await self._bring_link(settings, xmpp, waits)
        for side, contents in wanted:
            if side.is_started:
                side.reload(xmpp, contents)
            else:
                side.start(program, xmpp, contents)
        self._program, self._pending = program, pending
        if waits:
            logger.warning("XMPP federation: changes wait for the restart %s", when(xmpp))
            self._restart_at = NEVER if xmpp.restart_time == BY_HAND else _next(xmpp.restart_time, datetime.now(UTC))
        elif pending:
            await self._restart_pending(xmpp)

    async def _bring_link(self, settings: Settings, xmpp: Xmpp, waits: bool) -> None:
        """New certificates at once; where a restart waits, other addresses with it. Raises OSError."""
        if xmpp.role == "both":
            return
        wanted = await asyncio.to_thread(link_of, settings, xmpp)
        now = replace(wanted, sections=self._link_now.sections) if waits and self._link_now is not None else wanted
        await self._link.bring(link_folder(xmpp), now)
        self._link_now, self._link_next = now, wanted

    def _contents(self, side: str, settings: Settings, xmpp: Xmpp) -> Contents:
        return contents_of(side, settings, xmpp, self._secrets)

    async def _restart_pending(self, xmpp: Xmpp) -> None:
        names = " and ".join(side.name for side, _ in self._pending)
        logger.warning("XMPP federation: restarted for changes: %s; streams are away for seconds", names)
        try:
            if self._link_next is not None and self._link_next != self._link_now:
                await self._link.bring(link_folder(xmpp), self._link_next)
                self._link_now = self._link_next
            for side, contents in self._pending:
                side.start(self._program, xmpp, contents)
        except OSError as error:
            self._fault = str(error)
        self._pending = []

    def _reason(self, xmpp: Xmpp) -> str:
        """Why it is not active; '' when it is."""
        if self._fault:
            return self._fault
        for side in self._sides:
            if not side.answer:
                return f"Prosody ({side.name}) does not answer"
            if not side.answer.get("listens"):
                address = xmpp.address if side.name == "outside" else xmpp.inside_address
                return f"Prosody ({side.name}) cannot listen on {host_port(address, xmpp.port)}"
        if xmpp.role != "both" and self._link.answer is None:
            return "HAProxy (link) does not answer" + (f": {self._link.alert}" if self._link.alert else "")
        links = self._sides[0].answer.get("links", {})
        down = [name for name in (*xmpp.domains, *xmpp.chat_node_aliases) if not links.get(name)]
        return (
            f"the link between inside and outside is down for {', '.join(down)}" if down and not self._pending else ""
        )

    def _tell(self) -> None:
        state = self.state()
        text = "" if state is None else "Active" if state.active else f"Inactive: {state.reason}"
        if text and text != self._told:
            logger.log(logging.INFO if text == "Active" else logging.WARNING, "XMPP federation is %s", text)
        if self._was_behind and not self._is_behind() and text:
            logger.info("XMPP federation: the changes are in force")
        self._told, self._was_behind = text, self._is_behind()


def _stream(raw: Mapping[str, Any]) -> Stream:
    domain, own, direction, address = (str(raw.get(key, "")) for key in ("domain", "own", "direction", "address"))
    return Stream(domain, own, direction, address, raw.get("secure") is True)


def _next(time_of_day: str, now: datetime) -> datetime:
    """The next moment, in UTC, at which it is that time of day."""
    hour, minute = map(int, time_of_day.split(":"))
    moment = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return moment if moment > now else moment + timedelta(days=1)
