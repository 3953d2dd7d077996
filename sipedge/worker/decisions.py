"""The decisions in memory, for those who ask: listed, followed, and the plans that they were made under."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from itertools import count
from typing import Any, NamedTuple

from dialplan.model import Query
from dialplan.search.search import CompiledPlan
from sipedge.config.plans import zone_names_of
from sipedge.control.channel.service import Client
from sipedge.control.refusal import NOT_FOUND, UNAVAILABLE, Refused
from sipedge.control.requests import History, Plan
from sipedge.control.values import DecisionJson, PlanJson
from sipedge.edge.others.colleagues import FIRST
from sipedge.edge.server import Server
from sipedge.proxy.history import Entry

from .followers import Followers
from .words import Follow, Kept, Told, Unfollow

LONGEST_QUEUE = 1000
"""Decisions that wait for a client that follows."""
LOOK = 0.5
"""Seconds between two looks whether a client that follows is still there."""
PIECE = 32_768
"""Characters of a plan's text in one item."""
CHUNK = 200
"""Entries that are looked at in one turn of the loop: 0.2 ms."""


class Decisions:
    """Belongs to the event loop."""

    def __init__(
        self,
        server: Server,
        revisions: Mapping[CompiledPlan, str],
        followers: Followers,
        note: Callable[[Told], None] | None = None,
    ) -> None:
        """``revisions``: of plans that decisions in memory name. ``note``: tell worker 0, where this is another one."""
        self._server, self._revisions, self._others, self._note = server, revisions, followers, note
        self._numbers = count(1)
        self._followers: dict[int, _Follower] = {}
        self._followed: dict[int, History] = {}
        """What clients of worker 0 follow."""

    async def history(self, wish: History, client: Client) -> None:
        """An item for each decision, of all workers. Raises Refused where one that follows does not keep up."""
        follower, number = _Follower(wish), next(self._numbers)
        if wish.follow:
            self._followers[number] = follower
            self._watch()
            await self._others.ask(Follow(number, wish))
        try:
            kept = await self._kept_by_all(wish)
            for each in kept:
                await client.item(self._json(each.what))
            shown = {each.key for each in kept}  # one that got its status meanwhile has come to both
            while wish.follow and not client.is_gone:
                for each in await follower.entries():
                    if each.key not in shown:
                        await client.item(self._json(each.what))
        finally:
            if wish.follow:
                del self._followers[number]
                self._watch()
                await self._others.ask(Unfollow(number))

    async def _kept_by_all(self, wish: History) -> list[_Shown]:
        shown = [_Shown((FIRST, id(entry)), entry.time, entry) for entry in await self._kept(wish)]
        for worker, answer in (await self._others.ask(Kept(wish))).items():
            told = answer if isinstance(answer, list) else []
            shown += [_Shown((worker, each.entry), each.time, each.decision) for each in told]
        shown.sort(key=lambda each: each.time)
        return shown[-wish.last :]

    async def told(self, what: object) -> object:
        """The answer of a worker that follows, to ``Kept``, ``Follow`` and ``Unfollow``."""
        if isinstance(what, Kept):
            return [Told(0, id(entry), entry.time, self._json(entry)) for entry in await self._kept(what.wish)]
        if isinstance(what, Follow):
            self._followed[what.number] = what.wish
        elif isinstance(what, Unfollow):
            self._followed.pop(what.number, None)
        self._watch()
        return None

    def noted(self, worker: int, told: Told) -> None:
        """A worker that follows has concluded a decision."""
        if told.number in self._followers:
            self._followers[told.number].add(_Shown((worker, told.entry), told.time, told.decision))

    async def plan(self, wish: Plan, client: Client) -> PlanJson:
        """The texts come as items ``[file, piece]``, the rest in the end. Raises Refused."""
        plan = next((plan for plan, name in self._revisions.items() if name == wish.revision), None)
        if plan is None:
            raise Refused(NOT_FOUND, f"the plan of revision {wish.revision} is not in memory any more")
        for piece in pieces_of(plan):
            await client.item(piece)
        return {"zones": zone_names_of(plan), "variables": asdict(plan.variables)}

    async def _kept(self, wish: History) -> list[Entry]:
        """Those that fit, oldest first."""
        fitting: list[Entry] = []
        for number, entry in enumerate(list(self._server.recording.history)):
            if number % CHUNK == CHUNK - 1:
                await asyncio.sleep(0)
            if fits(entry, wish) and (not wish.follow or entry.status):  # the others come when they have their status
                fitting.append(entry)
            if len(fitting) == wish.last > 0:
                break
        return fitting[::-1]

    def _watch(self) -> None:
        """Who follows nobody is told of nothing: an entry for each request that went the short way costs its making."""
        self._server.recording.concluded = self._concluded if self._followers or self._followed else None

    def _concluded(self, entry: Entry) -> None:
        for follower in self._followers.values():
            follower.put(entry)
        for number, wish in self._followed.items():
            if self._note is not None and fits(entry, wish):
                self._note(Told(number, id(entry), entry.time, self._json(entry)))

    def _json(self, entry: Entry | DecisionJson) -> DecisionJson:
        if not isinstance(entry, Entry):
            return entry
        explanation = entry.explanation
        return decision_json(entry, self._revisions.get(explanation.plan, "") if explanation else "")


class _Shown(NamedTuple):
    """A decision for a client."""

    key: tuple[int, int]
    """Worker, and what tells its decisions apart."""
    time: float
    what: Entry | DecisionJson


class _Follower:
    """A client that wants to see decisions as they are made."""

    def __init__(self, wish: History) -> None:
        self._wish = wish
        self._entries: deque[_Shown] = deque()
        self._came = asyncio.Event()
        self._lost = False

    def put(self, entry: Entry) -> None:
        if fits(entry, self._wish):
            self.add(_Shown((FIRST, id(entry)), entry.time, entry))

    def add(self, shown: _Shown) -> None:
        if len(self._entries) >= LONGEST_QUEUE:
            self._lost = True
        else:
            self._entries.append(shown)
            self._came.set()

    async def entries(self) -> list[_Shown]:
        """What has come; after LOOK at the latest. Raises Refused where some could not be kept."""
        if self._lost:
            raise Refused(UNAVAILABLE, "decisions come faster than this client takes them; ask for fewer")
        try:
            async with asyncio.timeout(LOOK):
                await self._came.wait()
        except TimeoutError:
            return []
        self._came.clear()
        entries = list(self._entries)
        self._entries.clear()
        return entries


def decision_json(entry: Entry, revision: str) -> DecisionJson:
    query = _query_json(entry.explanation.query) if entry.explanation else None
    return {"decision": entry.to_json(), "query": query, "revision": revision}


def pieces_of(plan: CompiledPlan) -> Iterator[tuple[str, str]]:
    """(file, piece of its text), in order."""
    for file, text in plan.dialplan.sources.items():
        for start in range(0, max(1, len(text)), PIECE):
            yield file, text[start : start + PIECE]


def fits(entry: Entry, wish: History) -> bool:
    """Whether a decision is one of those that are wanted."""
    if wish.failed and entry.status < 400:
        return False
    if wish.status and not _has_status(entry, wish.status):
        return False
    if wish.call_id not in entry.call_id:
        return False
    if wish.zone and wish.zone.casefold() not in {name.casefold() for name in _zones(entry)}:
        return False
    if wish.rule and wish.rule not in _rules(entry):
        return False
    return not wish.alias or any(wish.alias.casefold() in text.casefold() for text in _aliases(entry))


def _has_status(entry: Entry, wanted: str) -> bool:
    return str(entry.status).startswith(wanted[0]) if wanted.endswith("xx") else str(entry.status) == wanted


def _zones(entry: Entry) -> Iterator[str]:
    yield entry.zone
    yield entry.route
    yield from (attempt.hop.zone for attempt in entry.attempts)


def _rules(entry: Entry) -> Iterator[str]:
    tiers = entry.explanation.tiers if entry.explanation else ()
    return (target.rule for tier in tiers for target in tier.targets)


def _aliases(entry: Entry) -> Iterator[str]:
    yield entry.request_uri
    if entry.explanation:
        yield entry.explanation.alias
        yield entry.explanation.searched


def _query_json(query: Query) -> dict[str, Any]:
    return {
        "alias": query.alias,
        "source": query.source,
        "traffic": query.traffic.value,
        "protocol": query.protocol.value,
        "authenticated": query.authenticated,
    }
