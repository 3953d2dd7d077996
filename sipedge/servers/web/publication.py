"""Published web services beside a running edge: one HAProxy follows the settings and the DNS; how it stands."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from sipedge.network.resolver import ResolverError
from sipedge.printable import escaped
from sipedge.servers.haproxy.process import LONGEST_LINE, Haproxy
from sipedge.servers.state import PoolState, ServiceState
from sipedge.settings import DnsSettings, Settings
from sipedge.web_settings import Web

from .causes import Causes
from .contents import wanted
from .look_ups import LATEST, LookUps
from .pools import Pool, Services, pools_of
from .states import pool_states

logger = logging.getLogger("sipedge.web")

NAME = "web publishing"
LOOK_INTERVAL = 1.0
"""Seconds between two comparisons of the state with the one that was last told."""

FIRST_PAUSE = 10.0
"""Seconds after service records have changed, and twice as many after each further change: each one is a reload, and an
old worker with its WebSockets outlives a number of them only."""


class Publication:
    """``follow`` at the start and after each reload; ``aclose`` at the end. Lives in the event loop."""

    def __init__(self) -> None:
        self._haproxy = Haproxy("HAProxy (web)", on_log=_log)
        self._web: Web | None = None
        self._wanted: Settings | None = None
        self._fault = ""
        """Why nothing can be run, or the last change was not taken over."""
        self._pools: tuple[Pool, ...] = ()
        self._services: dict[str, Services] = {}
        self._causes: Causes | None = None
        self._look_ups: LookUps | None = None
        self._looked_at: DnsSettings | None = None
        self._again = self._pause = 0.0
        """When service records are looked up again, by the loop's clock; ``_pause``: after a change of theirs."""
        self._change = asyncio.Event()
        self._applying = False
        self._told: dict[str, str] = {}
        self._task: asyncio.Task[None] | None = None

    def follow(self, settings: Settings) -> None:
        """Bring the engine to these settings, soon; nothing is started while there is no ``[web]``."""
        if settings.web is None and self._task is None:
            return
        self._wanted = settings
        self._change.set()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    def services(self) -> tuple[ServiceState, ...]:
        """None or one."""
        if self._web is None:
            return ()
        pools = self._pool_states()
        reason = self._reason(pools)
        answer = self._haproxy.answer
        return (
            ServiceState(
                NAME,
                active=not reason,
                reason=reason,
                pending=self._change.is_set() or self._applying or not (self._fault or self._haproxy.is_current),
                restarts=self._haproxy.restarts,
                processes=(self._haproxy.pid,),
                version=answer.info.get("Version", "") if answer is not None else "",
                pools=pools,
            ),
        )

    def costs(self, web: Web | None) -> list[str]:
        """What a change to these settings costs: none or one sentence."""
        if web == self._web:
            return []
        if web is None:
            return [f"{NAME}: HAProxy is ended, with every connection"]
        if self._web is None:
            return [f"{NAME}: HAProxy is started"]
        return [f"{NAME}: another worker of HAProxy takes over; what is under way goes on"]

    async def aclose(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._haproxy.aclose()
        if self._look_ups is not None:
            await self._look_ups.aclose()

    def _pool_states(self) -> tuple[PoolState, ...]:
        states = self._from_haproxy()
        return self._causes.explained(states) if self._causes is not None else states

    def _from_haproxy(self) -> tuple[PoolState, ...]:
        answer = self._haproxy.answer
        return pool_states(self._pools, answer.rows if answer is not None else ())

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                await asyncio.wait_for(self._change.wait(), LOOK_INTERVAL if self._web is not None else None)
            except TimeoutError:
                if self._web is not None and self._web.meeting_servers and loop.time() >= self._again:
                    await self._change_to(refreshing=True)
            else:
                self._change.clear()
                await self._change_to(refreshing=False)
            if self._causes is not None:
                await self._causes.look(self._pools, self._from_haproxy())
            self._tell()

    async def _change_to(self, *, refreshing: bool) -> None:
        self._applying = not refreshing
        try:
            await self._apply(refreshing)
        except (OSError, ResolverError) as error:
            self._fault = str(error)
        except Exception:  # the next change finds somebody who heeds it
            logger.exception("web publishing: the change failed")
            self._fault = "the last change failed; the log says how"
        self._applying = False

    async def _apply(self, refreshing: bool) -> None:
        """Raises OSError, ResolverError."""
        settings = self._wanted
        assert settings is not None
        self._web = settings.web
        if settings.web is None:
            await self._haproxy.aclose()
            self._pools, self._fault = (), ""
            logger.info("web publishing is off")
            return
        pools = await self._looked_up(settings, settings.web)
        if refreshing and pools == self._pools and not self._fault:
            self._pause = 0.0
            return
        if refreshing:
            self._pause = min(max(FIRST_PAUSE, 2 * self._pause), LATEST)
            self._again = max(self._again, asyncio.get_running_loop().time() + self._pause)
        self._fault = ""
        await self._haproxy.bring(settings.web.folder, await asyncio.to_thread(wanted, settings, settings.web, pools))
        self._causes = await asyncio.to_thread(Causes, settings.web.trusted or settings.tls.trusted)
        self._pools = pools

    async def _looked_up(self, settings: Settings, web: Web) -> tuple[Pool, ...]:
        dns = replace(settings.dns, servers=web.dns_servers) if web.dns_servers else settings.dns
        if self._look_ups is None or self._looked_at != dns:
            if self._look_ups is not None:
                await self._look_ups.aclose()
            self._look_ups, self._looked_at = LookUps(dns), dns
        uris = [entry.guest_uri for entry in web.meeting_servers]
        self._services = await self._look_ups.services(uris, self._services)
        self._again = asyncio.get_running_loop().time() + self._look_ups.again
        return pools_of(web, self._services)

    def _reason(self, pools: tuple[PoolState, ...]) -> str:
        """Why not everything can be had; '' when it can."""
        if self._fault:
            return self._fault
        if self._haproxy.answer is None:
            return self._haproxy.alert or "HAProxy does not answer"
        if self._haproxy.alert and not self._haproxy.is_current:
            return f"the last change is not in force: {self._haproxy.alert}"
        down = [pool for pool in pools if not pool.active]
        return "; ".join(f"{pool.name} has no server: {_why(pool)}" for pool in down)

    def _tell(self) -> None:
        """What has changed since it was told last, into the log; a start is over when it works, or does not."""
        if not self._told and not self._fault and self._haproxy.answer is None and not self._haproxy.alert:
            return
        now = {state.name: "Active" if state.active else f"Inactive: {state.reason}" for state in self.services()}
        for name, text in now.items():
            if self._told.get(name) != text:
                level = logging.INFO if text == "Active" else logging.WARNING
                logger.log(level, 'Module="WebProxy" %s is %s', name, text)
        self._told = now


def _why(pool: PoolState) -> str:
    reasons = dict.fromkeys(f"{server.name}: {server.reason or server.status}" for server in pool.servers)
    return pool.problem or ", ".join(reasons) or "not asked yet"


def _log(severity: int, text: str) -> None:
    """Requests and states of servers; most of a request is what a stranger has written."""
    level = logging.WARNING if severity <= 4 else logging.INFO
    logger.log(level, 'Module="WebProxy" %s', escaped(text[:LONGEST_LINE]))
