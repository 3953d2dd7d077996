"""A worker that follows worker 0: what is in force comes from there."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from weakref import WeakKeyDictionary

from dialplan.search.search import CompiledPlan
from sipedge.bus.bus import Bus, GoneError
from sipedge.bus.words import Note
from sipedge.edge.in_force import InForce, Standing, Unconfirmed
from sipedge.edge.others.colleagues import FIRST
from sipedge.edge.others.look import Look
from sipedge.edge.prepared import Prepared
from sipedge.edge.recording import Outcomes
from sipedge.edge.server import Server

from .decisions import Decisions
from .followers import Followers
from .lines import told
from .words import Confirmed, Forget, LinesNow, LookNow, OutcomesNow, Prepare, Since, Told, Use

PATIENCE = 5.0

logger = logging.getLogger("sipedge")


class Follower:
    """Belongs to the event loop."""

    def __init__(self, bus: Bus, server: Server, standing: Standing, changed: Callable[[Standing], None]) -> None:
        """``changed`` is told what is in force from now on."""
        self._bus, self._server, self._changed = bus, server, changed
        self._standing: Standing
        self._prepared: Prepared | None = None
        self._answers: dict[type, Callable[..., Awaitable[object]]] = {
            Prepare: self._prepare,
            Use: self._use,
            Forget: self._forget,
            Confirmed: self._confirmed,
            LookNow: self._look,
            OutcomesNow: self._outcomes,
            LinesNow: told,
        }
        self._revisions: WeakKeyDictionary[CompiledPlan, str] = WeakKeyDictionary()
        self._decisions = Decisions(server, self._revisions, Followers(None), self._note)
        bus.answer = self._answer
        self._stand(standing)

    async def check(self) -> None:
        """End this worker where it began with what is not in force any more: the next one begins with what is."""
        try:
            since = await self._bus.ask(FIRST, Since(), PATIENCE)
        except GoneError:  # worker 0 begins with the same
            return
        if since != self._standing.since:
            self._leave("something else has come in force")

    async def _answer(self, worker: int, what: object) -> object:
        answer = self._answers.get(type(what), self._decisions.told)
        return await answer(what)

    def _note(self, told: Told) -> None:
        self._bus.tell(FIRST, Note(told))

    async def _look(self, wish: LookNow) -> Look:
        return self._server.parts.observers.look()

    async def _outcomes(self, wish: OutcomesNow) -> Outcomes:
        return self._server.recording.outcomes

    async def _prepare(self, wish: Prepare) -> None:
        before = self._standing
        if wish.parcel:
            force = await InForce.from_parcel(wish.parcel, before.force.settings.plan, wish.files)
        elif before.unconfirmed is not None:
            force = before.unconfirmed.before.force
        else:
            raise ValueError(f"worker {self._bus.worker} has nothing to go back to")
        self._prepared = await self._server.prepare(force)

    async def _use(self, wish: Use) -> None:
        prepared, self._prepared = self._prepared, None
        if prepared is None:
            self._leave("it has not prepared what comes in force")
            return
        await self._server.use(prepared, wish.ports)
        unconfirmed = Unconfirmed(self._standing.confirmed, wish.until) if wish.until else None
        self._stand(Standing(prepared.force, wish.since, unconfirmed))

    async def _forget(self, wish: Forget) -> None:
        prepared, self._prepared = self._prepared, None
        if prepared is not None:
            await self._server.unprepare(prepared)

    async def _confirmed(self, wish: Confirmed) -> None:
        self._stand(Standing(self._standing.force, self._standing.since))

    def _stand(self, standing: Standing) -> None:
        self._standing = standing
        self._revisions[standing.force.settings.plan] = standing.force.settings.revision
        self._changed(standing)

    def _leave(self, why: str) -> None:
        logger.error("worker %d ends, to begin anew with what is in force: %s", self._bus.worker, why)
        self._server.stop()
