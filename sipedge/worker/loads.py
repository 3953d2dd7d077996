"""What is in force, and how something else comes in its place: all or nothing, one load at a time.

SIGHUP, a load over the control socket and the way back from a load that nobody confirmed are the same path.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import time
from weakref import WeakKeyDictionary

from dialplan.search.search import CompiledPlan
from sipedge.config import ConfigError
from sipedge.config.apart import ReadingError
from sipedge.control.channel.service import Service
from sipedge.control.refusal import CONFLICT, UNAVAILABLE, UNPROCESSABLE, Refused
from sipedge.control.requests import Load
from sipedge.control.values import ChangesJson, LoadedJson, RefusedLoadJson, WentBackJson
from sipedge.control.words import changes_text, short
from sipedge.edge.in_force import InForce, Standing, Unconfirmed, in_slices, parcel_apart
from sipedge.edge.recording import Outcomes
from sipedge.edge.server import Server
from sipedge.settings import Settings

from .changes import changes
from .followers import Followers
from .places import place_for
from .trial import Judge

AGAIN = 10.0
"""Seconds between two attempts to go back; the first fails where a port is in use by now, say."""

MOST_PROBLEMS = 20
"""That are remembered."""
NOBODY = "nobody confirmed it"

logger = logging.getLogger("sipedge")


class Loads:
    """Belongs to the event loop. ``begin`` when the edge serves; until then requests wait."""

    def __init__(
        self,
        path: str,
        standing: Standing,
        server: Server,
        service: Service,
        keep: Callable[[Standing], None],
        costs: Callable[[Settings], Awaitable[list[str]]],
        followers: Followers,
    ) -> None:
        """``path``: of the configuration. ``keep`` is told what is in force at the beginning and after each change.

        ``costs``: what engines will do about settings, asked before ``keep`` is told of them.
        """
        self.standing = standing
        self.path = path
        self.revisions: WeakKeyDictionary[CompiledPlan, str] = WeakKeyDictionary()
        """Of plans in force, and of earlier ones that the history still names."""
        self._server, self._service, self._keep, self._costs = server, service, keep, costs
        self._followers = followers
        self._loop = asyncio.get_running_loop()
        self._lock = asyncio.Lock()
        """Held while something is loaded."""
        self._going_back = False
        self._way_back: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.went_back: WentBackJson | None = None
        self.refused: RefusedLoadJson | None = None
        self._judge = Judge(self._outcomes, self._undo)
        self._watching: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self._stand(self.standing)
        self._watching = self._loop.create_task(self._judge.watch())

    async def aclose(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)

    @property
    def left(self) -> float:
        """Seconds until the edge goes back; 0 where it does not."""
        unconfirmed = self.standing.unconfirmed
        return max(0.0, unconfirmed.until - self._loop.time()) if unconfirmed else 0.0

    async def load(self, wish: Load, asked_by: str = "") -> LoadedJson:
        """Read the files and put them in force. Raises Refused: then nothing has changed, and the log says why.

        ``asked_by``: who, for the log; '' for SIGHUP, which does not say.
        """
        try:
            return await self._load(wish, asked_by)
        except Refused as refused:
            problems = [str(problem) for problem in refused.problems]
            told = "\n".join([refused.sentence, *problems])
            if refused.code != CONFLICT:  # that is of who asks, no trouble of the edge
                self.refused = {"at": time(), "sentence": refused.sentence, "problems": problems[:MOST_PROBLEMS]}
            logger.error("%s: nothing changed\n%s", _what(asked_by), told)
            raise

    async def reload(self) -> None:
        """For SIGHUP, which hears of nothing."""
        with suppress(Refused):
            await self.load(Load())

    async def confirm(self, asked_by: str) -> str:
        """What is in force stays; returns its revision. Raises Refused where nothing waits for that."""
        standing = self.standing
        if standing.unconfirmed is None:
            raise Refused(CONFLICT, "nothing waits to be confirmed")
        if self._going_back:
            raise Refused(CONFLICT, "it is too late: the edge goes back already")
        self._stand(Standing(standing.force, standing.since))
        await self._followers.confirm()
        logger.info("reload: revision %s is confirmed (asked by %s)", revision_text(standing), asked_by)
        return standing.force.settings.revision

    async def _load(self, wish: Load, asked_by: str) -> LoadedJson:
        async with self._lock:
            before = self.standing.force
            _check_expected(wish.expect, self.standing)
            try:
                parcel = await parcel_apart(self.path)
                force = await InForce.from_parcel(parcel, before.settings.plan)
                _check_read(wish.revision, force)
                _check_workers(before, force)
                different = await in_slices(changes(before, force))
                await self._put_in_force(force, parcel)
            except ConfigError as error:
                raise Refused(UNPROCESSABLE, f"{self.path} has mistakes", error.problems) from None
            except (ReadingError, ValueError, OSError) as error:
                raise Refused(UNAVAILABLE, _sentence(error)) from None
            costs = await self._costs(force.settings)
            trial = wish.confirm_within
            if trial:
                await self._judge.begin(wish.fail_more)
            # The confirmed one of this moment: it may have been confirmed while the files were read.
            unconfirmed = Unconfirmed(self.standing.confirmed, self._loop.time() + trial) if trial else None
            self.went_back = self.refused = None
            self._stand(Standing(force, time(), unconfirmed))
            await self._followers_stand()
            self._tell_loaded(different, trial, asked_by)
            for sentence in costs:
                logger.info("%s", sentence)
            return {
                "config": os.path.abspath(self.path),
                "revision": force.settings.revision,
                "replaced": before.settings.revision,
                "changes": different,
                "costs": costs,
                "confirm_within": trial,
            }

    async def _put_in_force(self, force: InForce, parcel: bytes = b"") -> None:
        """Raises ValueError and OSError: then all is as it was. ``parcel``: for the other workers (words.Prepare)."""
        await self._followers.prepare(parcel, force.files)
        try:
            await self._put_in_force_here(force)
        except BaseException:
            await self._followers.forget()
            raise

    async def _followers_stand(self) -> None:
        unconfirmed = self.standing.unconfirmed
        until = unconfirmed.until if unconfirmed is not None else 0.0
        await self._followers.use(self.standing.since, until, self._server.ports)

    async def _put_in_force_here(self, force: InForce) -> None:
        place, is_new = await place_for(force.settings.control, self._service.place)
        try:
            prepared = await self._server.prepare(force)
        except BaseException:
            if is_new and place is not None:
                place.remove()
            raise
        await self._server.use(prepared)
        if place is not self._service.place:
            await self._service.use(place)

    def _stand(self, standing: Standing) -> None:
        """This is in force."""
        self.standing = standing
        self.revisions[standing.force.settings.plan] = standing.force.settings.revision
        self._keep(standing)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if standing.unconfirmed is not None:
            late = standing.unconfirmed
            self._timer = self._loop.call_at(late.until, self._begin_to_go_back, late, NOBODY)
        else:
            self._judge.end()

    async def _outcomes(self) -> Outcomes:
        """Of all workers."""
        each = [self._server.recording.outcomes, *await self._followers.outcomes()]
        return Outcomes(sum(one.answered for one in each), sum(one.failed for one in each))

    def _undo(self, why: str) -> None:
        if self.standing.unconfirmed is not None:
            self._begin_to_go_back(self.standing.unconfirmed, why)

    def _begin_to_go_back(self, late: Unconfirmed, why: str) -> None:
        self._way_back = self._loop.create_task(self._go_back(late, why))

    async def _go_back(self, late: Unconfirmed, why: str) -> None:
        """The clock is not asked: uvloop's timers, which know milliseconds, may come before their time."""
        async with self._lock:
            unconfirmed = self.standing.unconfirmed
            if unconfirmed is not late:
                return  # somebody was quicker
            self._going_back = True
            try:
                await self._put_in_force(unconfirmed.before.force)
            except (ValueError, OSError) as error:
                text = "reload: %s, and going back failed, again in %g s: %s"
                logger.error(text, _undone(self.standing, why), AGAIN, _sentence(error))
                self._timer = self._loop.call_later(AGAIN, self._begin_to_go_back, late, why)
            else:
                await self._came_back(unconfirmed.before, why)
            finally:
                self._going_back = False

    async def _came_back(self, earlier: Standing, why: str) -> None:
        """What is said then is true of all workers."""
        late, now = self.standing, time()
        self._stand(Standing(earlier.force, now))
        self.went_back = {"revision": late.force.settings.revision, "at": now, "why": why}
        await self._followers_stand()
        logger.error(
            "reload: %s, so revision %s is in force again; "
            "the files are as they were: the next reload or start reads them",
            *(_undone(late, why), revision_text(earlier)),
        )

    def _tell_loaded(self, different: ChangesJson, trial: float, asked_by: str) -> None:
        on_trial = f" for {trial:g} s unless it is confirmed" if trial else ""
        text = "%s: %s is in force%s, different: %s (revision %s)"
        said = changes_text(different), revision_text(self.standing)
        logger.info(text, _what(asked_by), self.path, on_trial, *said)


def revision_text(standing: Standing) -> str:
    """For people."""
    return short(standing.force.settings.revision)


def _undone(late: Standing, why: str) -> str:
    revision = revision_text(late)
    return f"nobody confirmed revision {revision}" if why == NOBODY else f"revision {revision} is undone, {why}"


def _what(asked_by: str) -> str:
    return f"reload asked by {asked_by}" if asked_by else "reload"


def _check_expected(expect: str, standing: Standing) -> None:
    """Raises Refused."""
    revision = standing.force.settings.revision
    if not revision.startswith(expect):
        raise Refused(CONFLICT, f"revision {revision} is in force, not {expect}: look at what has changed, then load")


def _check_workers(before: InForce, force: InForce) -> None:
    """Raises Refused."""
    if force.settings.workers != before.settings.workers:
        text = f"[edge] workers: {before.settings.workers} are at work; another number takes a restart of the edge"
        raise Refused(CONFLICT, text)


def _check_read(wanted: str, force: InForce) -> None:
    """Raises Refused."""
    revision = force.settings.revision
    if not revision.startswith(wanted):
        raise Refused(CONFLICT, f"the files hold revision {revision}, not {wanted}: somebody else has written them")


def _sentence(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror and not error.filename else str(error)
