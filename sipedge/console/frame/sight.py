"""What who asks sees of people, and by what he may ask for them. No page takes decisions from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dialplan.search.search import CompiledPlan, Explanation
from sipedge.config.case_files import ENDING
from sipedge.console.watch.watch import Watch
from sipedge.control.refusal import BAD_REQUEST, FORBIDDEN, Refused
from sipedge.history.wish import Found, Key, Wish
from sipedge.masking.addresses import Exactly, domain_of, without_scheme
from sipedge.masking.masking import Masking
from sipedge.masking.pseudonyms import MARK, Pseudonyms
from sipedge.queries.trees.again import searched_again
from sipedge.queries.trees.explained import Branch, tree_of
from sipedge.review.cases import CasesJson, SaidJson
from sipedge.review.recorded import RecordedJson
from sipedge.review.review import FileDiffJson, ReviewJson

FOR_WHOM = "is for who sees aliases in full ([console] aliases_for)"
ONLY = (
    f'"{{}}" may be a pseudonym as it is shown here, such as {MARK}... or {MARK}...@example.com, or a whole domain '
    "such as @example.com: you see no names, so you cannot ask for one"
)
NO_CALL = f'what belongs to a Call-ID {FOR_WHOM}: a decision lists the others of its own; leave out "call_id"'
NO_DRAFT = f"what a draft does with a decision {FOR_WHOM}: a rule for one name would tell whose it is"
CASES = f"what a case file says {FOR_WHOM}"
NOT_TRIED: RecordedJson = {"requests": 0, "changed": 0, "groups": [], "whole": False}


@dataclass(frozen=True, slots=True)
class Decision:
    """One, as who asks sees it."""

    record: dict[str, Any]
    """As the edge wrote it, but for names."""
    _whole: Mapping[str, Any]
    _masking: Masking | None
    """None: he sees names."""

    @property
    def call_id(self) -> str:
        """As it came: for searches, not for pages."""
        return str(self._whole["call_id"])

    def again(self, plan: CompiledPlan) -> Explanation | None:
        """What a plan says about it; None where no rule was asked, and for who sees no names."""
        return None if self._masking else searched_again(self._whole, plan)

    def tree(self, plan: CompiledPlan) -> Branch | None:
        """None where no rule was asked."""
        found = searched_again(self._whole, plan)
        if found is None:
            return None
        masking, evidence = self._masking, self.record["evidence"]
        if masking is None:
            return tree_of(found, evidence, lambda zone: "")
        return tree_of(found, evidence, lambda zone: "", lambda text: masking.after(found.alias, text))


class Sight:
    """Of one who asks. Raises Refused where he may not."""

    def __init__(self, watch: Watch, pseudonyms: Pseudonyms | None, whole: bool) -> None:
        """``pseudonyms``: None where everybody sees names."""
        self.whole = whole
        """Whether he sees names."""
        self._watch, self._pseudonyms = watch, pseudonyms
        self._masking = Masking(pseudonyms) if pseudonyms and not whole else None

    async def find(self, wish: Wish) -> list[Found]:
        found = await self._watch.asked(self._watch.history.find, self._seen(wish))
        return list(map(self._found, found))

    async def count(self, wish: Wish) -> int:
        return await self._watch.asked(self._watch.history.count, self._seen(wish))

    async def entry(self, key: Key) -> Decision | None:
        """None where it is not kept any more."""
        found = await self._watch.asked(self._watch.history.entry, key)
        if found is None:
            return None
        return Decision(self._masking.record(found) if self._masking else found, found, self._masking)

    async def same_call(self, decision: Decision, most: int) -> list[Found]:
        """Those of its Call-ID, the newest first."""
        found = await self._watch.asked(self._watch.history.find, Wish(call_id=decision.call_id, most=most))
        return list(map(self._found, found))

    def review(self, made: ReviewJson) -> ReviewJson:
        """Without what it says about recorded requests and what cases say, which would tell pseudonyms apart."""
        if self.whole:
            return made
        cases = made["cases"]
        failed, broken = list(map(_place, cases["failed"])), list(map(_place, cases["broken"]))
        hidden: CasesJson = {**cases, "failed": failed, "broken": broken}
        return {**made, "files": self.diffs(made["files"]), "recorded": NOT_TRIED, "cases": hidden}

    def texts(self, texts: Mapping[str, str]) -> dict[str, str]:
        """Of a configuration: without case files, which name people, and when they were seen."""
        return {name: text for name, text in texts.items() if self.reads(name)}

    def diffs(self, files: Iterable[FileDiffJson]) -> list[FileDiffJson]:
        """Of case files only how many lines."""
        return [each if self.reads(each["name"]) else {**each, "lines": [CASES]} for each in files]

    def reads(self, name: str) -> bool:
        """Whether he sees what this file of a configuration says."""
        return self.whole or not name.endswith(ENDING)

    def check_file(self, name: str) -> None:
        if not self.reads(name):
            raise Refused(FORBIDDEN, CASES)

    def check_alias(self, text: str) -> None:
        """Whether it is nobody's pseudonym: rules are asked about names."""
        if self._pseudonyms and self._pseudonyms.name(without_scheme(text).partition("@")[0]) is not None:
            raise Refused(
                BAD_REQUEST, "this is a pseudonym, which no rule knows: the history says where its requests went"
            )

    def check(self, what: str) -> None:
        """``what``: the subject of the sentence in which it is refused to who sees no names."""
        if not self.whole:
            raise Refused(FORBIDDEN, f"{what} {FOR_WHOM}")

    def check_drafts(self) -> None:
        if not self.whole:
            raise Refused(FORBIDDEN, NO_DRAFT)

    def _seen(self, wish: Wish) -> Wish:
        if wish.call_id and not self.whole:
            raise Refused(BAD_REQUEST, NO_CALL)
        if self._pseudonyms is None:
            return wish
        alias, destination, sender = (
            self._demand(name, text)
            for name, text in (("alias", wish.alias), ("destination", wish.destination), ("sender", wish.sender))
        )
        return replace(wish, alias=alias, destination=destination, sender=sender)

    def _demand(self, name: str, text: str | Exactly) -> str | Exactly:
        """Pseudonyms are understood from everybody; of who sees no names, nothing else but domains."""
        assert isinstance(text, str) and self._pseudonyms
        if not text:
            return ""
        given, at, domain = without_scheme(text).partition("@")
        user, host = self._pseudonyms.name(given) if given else "", domain_of(domain)
        if user is not None and bool(host) == bool(at) and (user or host):
            return Exactly(user, host) if user or not self.whole else text
        if self.whole:
            return text
        if not at and (host := domain_of(given)):
            return Exactly("", host)
        raise Refused(BAD_REQUEST, ONLY.format(name))

    def _found(self, found: Found) -> Found:
        masking = self._masking
        if masking is None:
            return found
        alias, uri, sender = masking.alias(found.alias), masking.alias(found.request_uri), masking.header(found.sender)
        mark = masking.pseudonyms.mark(found.call_id)
        return found._replace(alias=alias, request_uri=uri, sender=sender, call_id=mark)


def _place(said: SaidJson) -> SaidJson:
    """Of a case, without what it says."""
    return {**said, "text": f"{said['text'].partition(': ')[0]}: what it says {FOR_WHOM}"}
