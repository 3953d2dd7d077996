"""A changed set of files put in force, or nothing changed: on the disk and in the edge alike.

The order: nobody else is at it; what the change was made from is what the disk holds and what is in force; the new
texts have no mistakes; they are written aside; one link is swapped; the edge loads them, on trial. What the edge
refuses is swapped back. A crash at any point leaves the old set or the new one on the disk, and ``settle`` puts disk
and records right afterwards. Case files are no concern of the edge's: where nothing else changes, it is not asked to
load, and nothing is on trial.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sipedge.config import ConfigError, load_config
from sipedge.control.refusal import CONFLICT, NOT_FOUND, PRECONDITION, UNPROCESSABLE, Refused
from sipedge.control.requests import FAIL_MORE
from sipedge.control.values import StatusJson
from sipedge.control.words import changes_text, short

from .files import FileSet, read_set, set_of
from .live import Live, Step
from .store import GONE, Result, Revision, Store
from .talk import Talk, talk_with

CONFIRM_WITHIN = 300.0
"""Seconds that the edge waits for a confirmation before it goes back by itself."""
AS_FOUND = "as it was found"
BY_HAND = "changed by hand"
CASES_FOUND = "case files count from now on"
CASES_ONLY = "case files only"
NEVER = "nobody confirmed it in time, or it never came in force"
RESTARTED = "the edge was started anew meanwhile, so it waits no longer: confirm it, or undo it"


@dataclass(frozen=True, slots=True)
class Wish:
    """``base``: FileSet.whole of what it was made from. ``texts``: see FileSet; case files that it lacks go."""

    base: str
    texts: Mapping[str, str]
    who: str
    comment: str
    confirm_within: float = CONFIRM_WITHIN
    fail_more: float = FAIL_MORE
    """See control.requests.Load."""


def _quiet(step: str) -> None:
    """Nobody wants to know."""


class Revisions:
    """All that can be done with them. Raises Refused with one sentence, OSError where the disk does not take it."""

    def __init__(self, config: str, step: Step = _quiet) -> None:
        """``config``: the path of ``edge.toml`` that the edge was started with."""
        self.store = Store(config)
        self._config = self.store.config
        self._live = Live(self.store)
        self._step = step

    def apply(self, wish: Wish) -> Revision:
        with self.store.locked():
            talk = talk_with(self._config)
            status = talk.status()
            standing, disk = self._settle(status)
            _check_base(wish.base, disk, status, standing)
            new = set_of(self._config, wish.texts)
            if new.whole == disk.whole:
                raise Refused(CONFLICT, "nothing is different from what is in force")
            if new.digest == disk.digest:
                return self._apply_cases(wish, new, (standing, disk))
            self._check(new)
            return self._apply(wish, new, (standing, disk), talk)

    def roll_back(self, number: int, who: str, confirm_within: float = CONFIRM_WITHIN) -> Revision:
        """A further revision with the texts of an earlier one. Refused, 404, where there is no such."""
        base = read_set(self._config)
        texts = self.store.texts_over(self.store.get(number), base).texts
        return self.apply(Wish(base.whole, texts, who, f"back to revision {number}", confirm_within))

    def confirm(self, who: str) -> Revision:
        """What is on trial stays."""
        with self.store.locked():
            talk = talk_with(self._config)
            status = talk.status()
            standing, _ = self._settle(status)
            _check_on_trial(standing)
            if status["unconfirmed"] is not None:
                talk.confirm()
            return self.store.mark(standing, Result.CONFIRMED, f"by {who}")

    def undo(self, who: str) -> Revision:
        """What was in force before the trial comes back, for good; returns that."""
        with self.store.locked():
            talk = talk_with(self._config)
            standing, disk = self._settle(talk.status())
            _check_on_trial(standing)
            earlier = self.store.get(standing.parent)
            self.store.mark(standing, Result.UNDONE, f"by {who}")
            self._step("marked")
            self._back((standing, disk), earlier)
            talk.load(standing.digest, earlier.digest, 0.0)
            return earlier

    def settle(self) -> Revision:
        """Disk, records and edge put right after what happened meanwhile: a change by hand becomes a revision; what the
        edge took back is taken back on the disk. Returns what stands."""
        with self.store.locked():
            return self._settle(talk_with(self._config).status())[0]

    def _settle(self, status: StatusJson) -> tuple[Revision, FileSet]:
        """(what stands, the same on the disk). It is called again after a crash in the middle of it."""
        standing = self.store.standing()
        if standing is not None and standing.result is Result.ON_TRIAL:
            standing = self._judged(standing, status)
        disk = read_set(self._config)
        if standing is None:
            return self.store.add(disk, 0, "", AS_FOUND, Result.FROM_DISK), disk
        if _is_same(standing, disk):
            return standing, disk
        gone = next(iter(self.store.all()))
        if _is_left_over(gone, standing, disk, status):
            return standing, self._back((gone, disk), standing)
        comment = CASES_FOUND if not standing.whole and standing.digest == disk.digest else BY_HAND
        return self.store.add(disk, standing.number, "", comment, Result.FROM_DISK), disk

    def _back(self, before: tuple[Revision, FileSet], after: Revision) -> FileSet:
        """``after`` on the disk again, in the place of what was undone or refused. Case files that somebody has changed
        by hand meanwhile are kept in a record of their own."""
        gone, disk = before
        if gone.whole and gone.whole != disk.whole:
            comment = f"{CASES_ONLY}, {BY_HAND} on top of revision {gone.number}, and undone with it"
            self.store.add(disk, gone.number, "", comment, Result.UNDONE)
        files = self.store.texts_over(after, disk)
        self._live.swap(before, (after, files), self._step)
        return files

    def _judged(self, trial: Revision, status: StatusJson) -> Revision | None:
        """A revision on trial, after what the edge says."""
        if status["revision"] != trial.digest:
            back = status["went_back"]
            by_itself = back is not None and back["revision"] == trial.digest
            self.store.mark(trial, Result.UNDONE, f"by the edge: {back['why']}" if back and by_itself else NEVER)
            return self.store.standing()
        if status["unconfirmed"] is not None:
            return trial
        if status["since"] < trial.time:
            return self.store.mark(trial, Result.CONFIRMED, "at the edge itself")
        return self.store.mark(trial, Result.ON_TRIAL, RESTARTED)

    def _check(self, new: FileSet) -> None:
        """Raises Refused, 422."""
        try:
            load_config(self._config, create_secret=False, texts=new.at(self._config))
        except ConfigError as error:
            raise Refused(UNPROCESSABLE, "the draft has mistakes", error.problems) from None

    def _apply_cases(self, wish: Wish, new: FileSet, before: tuple[Revision, FileSet]) -> Revision:
        """It counts as refused until it is on the disk, as one whose console has ended."""
        made = self.store.add(new, before[0].number, wish.who, wish.comment, Result.REFUSED)
        self._step("recorded")
        try:
            self._live.swap(before, (made, new), self._step)
        except (Refused, OSError) as error:
            self.store.mark(made, Result.REFUSED, error.sentence if isinstance(error, Refused) else str(error))
            raise
        return self.store.mark(made, Result.CONFIRMED, changes=CASES_ONLY)

    def _apply(self, wish: Wish, new: FileSet, before: tuple[Revision, FileSet], talk: Talk) -> Revision:
        made = self.store.add(new, before[0].number, wish.who, wish.comment, Result.ON_TRIAL)
        self._step("recorded")
        try:
            self._live.swap(before, (made, new), self._step)
            loaded = talk.load(before[1].digest, new.digest, wish.confirm_within, wish.fail_more)
        except (Refused, OSError) as error:
            self.store.mark(made, Result.REFUSED, error.sentence if isinstance(error, Refused) else str(error))
            if read_set(self._config).whole == new.whole:
                self._live.swap((made, new), before, self._step)
            raise
        self._step("loaded")
        result = Result.ON_TRIAL if wish.confirm_within else Result.CONFIRMED
        return self.store.mark(made, result, changes=changes_text(loaded["changes"]))


def _check_base(base: str, disk: FileSet, status: StatusJson, standing: Revision) -> None:
    """Raises Refused: 412 where something else is there by now, 409 where something is on trial."""
    if standing.result is Result.ON_TRIAL:
        raise Refused(CONFLICT, f"revision {standing.number} is on trial: confirm it or undo it first")
    if status["unconfirmed"] is not None:
        raise Refused(CONFLICT, "what is in force waits to be confirmed: confirm it or let the edge go back first")
    if disk.whole != base:
        text = "was changed since this draft was begun: the disk holds {}, not {}; compare, and begin from there"
        raise Refused(PRECONDITION, f"the configuration {text.format(short(disk.whole), short(base))}")
    if status["revision"] != disk.digest:
        text = "the edge has {} in force, and the disk holds {}: load that first (sipedge load), or put it right"
        raise Refused(PRECONDITION, text.format(short(status["revision"]), short(disk.digest)))


def _is_same(standing: Revision, disk: FileSet) -> bool:
    """Whether the disk holds it. Case files that change while it is on trial wait until that is over."""
    if standing.result is Result.ON_TRIAL:
        return disk.digest == standing.digest
    return disk.whole == (standing.whole or standing.digest)


def _is_left_over(gone: Revision, standing: Revision, disk: FileSet, status: StatusJson) -> bool:
    """Whether the disk still holds a revision that was undone or refused: nobody has taken it up since."""
    if gone.digest != disk.digest or gone.result not in GONE or gone.digest == standing.digest:
        return False
    return status["revision"] != gone.digest or status["unconfirmed"] is not None


def _check_on_trial(standing: Revision) -> None:
    if standing.result is not Result.ON_TRIAL:
        raise Refused(NOT_FOUND, "no revision is on trial")
