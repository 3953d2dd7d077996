"""Claims proved or refuted: the analysis looks for a request that breaks one, and the live engine confirms it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from dialplan.analysis import (
    Conditions,
    Language,
    Languages,
    NotProved,
    Sender,
    SymbolicPlan,
    SymbolicRule,
    by_admitted,
    conditions_of,
    regions,
)
from dialplan.model import Dialplan, Mode, PatternType, Query, SearchRule, Tier
from dialplan.search.search import CompiledPlan, Explanation

from .claims import Claim, ClaimKind

SENDABLE = "([^@ <>]*@)?[^@ <>]+"
"""The alias of any URI (RFC 3261 25.1): one @ at most, no blank, no angle brackets."""


class ClaimVerdict(Enum):
    PROVED = "proved"
    REFUTED = "refuted"
    NOT_PROVED = "not proved"


@dataclass(frozen=True, slots=True)
class ClaimAnswer:
    claim: Claim
    verdict: ClaimVerdict
    counterexample: Explanation | None = None
    """The live engine's search for a request that breaks the claim."""
    reason: str = ""
    """One sentence: why nothing was proved, why the proof is worth little, or who writes the counter-example's From."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A zone as a source of requests with one domain in From."""

    sender: Sender
    how: str = ""
    """One sentence: who there may write the domain."""


Voices = Callable[[Sender, str], Voice]
"""A zone and a domain -> what of its requests may carry the domain in From; it may raise NotProved."""


def anybody(sender: Sender, _domain: str) -> Voice:
    """For plans whose zones say nothing of From."""
    return Voice(sender)


class Prover:
    """Proves claims about one plan and the requests that its zones can send."""

    def __init__(
        self, plan: CompiledPlan, senders: Iterable[Sender], claims: Sequence[Claim], voices: Voices = anybody
    ) -> None:
        """Raises DialplanError when a claim has a variable that the plan does not know."""
        self._voices = voices
        patterns = dict.fromkeys(["", *(claim.pattern for claim in claims)])
        asked = CompiledPlan(Dialplan(rules=tuple(map(_rule, patterns))), plan.variables)
        languages = Languages([plan, asked])
        self._plan = plan
        self._symbolic = SymbolicPlan(plan, languages)
        self._senders = tuple(senders)
        self._languages = {
            pattern: languages.language(languages.node(rule, asked))
            for pattern, rule in zip(patterns, asked.dialplan.rules, strict=True)
        }

    def answer(self, claim: Claim) -> ClaimAnswer:
        try:
            for query, zones in self._decided(claim):
                if _breaks(claim, zones):
                    return self._confirmed(claim, query)
        except NotProved as error:
            return ClaimAnswer(claim, ClaimVerdict.NOT_PROVED, reason=f"the analysis gave up: {error}")
        return ClaimAnswer(claim, ClaimVerdict.PROVED, reason=self._silence(claim))

    def _confirmed(self, claim: Claim, query: Query) -> ClaimAnswer:
        explanation = self._plan.search(query)
        if _breaks(claim, [zones_of(tier) for tier in explanation.tiers]):
            (sender,) = (sender for sender in self._senders if sender.name == query.source)
            how = self._voices(sender, claim.domain).how if claim.domain else ""
            return ClaimAnswer(claim, ClaimVerdict.REFUTED, explanation, how)
        reason = f"the analysis and the engine disagree about {query.alias}"
        return ClaimAnswer(claim, ClaimVerdict.NOT_PROVED, explanation, reason)

    def _decided(self, claim: Claim) -> Iterator[tuple[Query, tuple[frozenset[str], ...]]]:
        """(a request, the zones of its tiers) for each class of suspects that the plan treats alike."""
        for aliases, suspects in self._suspects(claim):
            for admitted, conditions in by_admitted((self._symbolic,), suspects):
                for part in self._parts(claim, aliases, admitted[0]):
                    for region in regions((self._symbolic,), admitted, part):
                        yield conditions[0].query(region.alias), region.routings[0].zones

    def _parts(self, claim: Claim, aliases: Language, rules: Sequence[SymbolicRule]) -> Iterator[Language]:
        """Those of the aliases that can break the claim.

        A request goes to a target by some rule, so the aliases of the rules that lead there are enough, and far fewer.
        Only *always* asks about all aliases.
        """
        if claim.kind is ClaimKind.ALWAYS:
            yield aliases
            return
        for branch in self._symbolic.branches:
            for rule in rules:
                if not claim.targets or rule.rule.target in claim.targets:
                    yield aliases & branch.domain & branch.before(rule.language)

    def _suspects(self, claim: Claim) -> Iterator[tuple[Language, list[Conditions]]]:
        """(aliases, conditions) of all requests that could break the claim."""
        fitting, sendable = self._languages[claim.pattern], self._languages[""]
        if claim.kind is not ClaimKind.ONLY:
            yield sendable & fitting, self._conditions(claim, True)
            return
        yield sendable, self._conditions(claim, False)
        if claim.pattern:
            yield sendable - fitting, self._conditions(claim, True)

    def _conditions(self, claim: Claim, fitting: bool) -> list[Conditions]:
        """Conditions of requests that fit, or do not fit, everything in the claim but its alias."""
        senders = self._speaking(claim)
        return [conditions for conditions in conditions_of(senders) if _fits(claim, conditions) is fitting]

    def _speaking(self, claim: Claim) -> tuple[Sender, ...]:
        """The zones of a claim, each with those of its requests that may carry the claim's domain in From."""
        if not claim.domain:
            return self._senders
        asked = (sender for sender in self._senders if not claim.sources or sender.name in claim.sources)
        return tuple(self._voices(sender, claim.domain).sender for sender in asked)

    def _silence(self, claim: Claim) -> str:
        """The reason for a proof that holds only because nobody sends such requests; '' for any other, and for *never
        from domain*, which is about that."""
        about_nobody = claim.kind is ClaimKind.NEVER and claim.domain
        if claim.kind is ClaimKind.ONLY or about_nobody or self._conditions(claim, True):
            return ""
        silent = [sender.silent for sender in self._speaking(claim) if sender.name in claim.sources and sender.silent]
        return f"no zone sends such requests{': ' + silent[0] if silent else ''}"


def _rule(pattern: str) -> SearchRule:
    """A search rule with this pattern, so that it is compiled like those of a plan."""
    text = pattern or SENDABLE
    return SearchRule(name=f"claim {text}", mode=Mode.ALIAS_PATTERN_MATCH, pattern_type=PatternType.REGEX, pattern=text)


def _fits(claim: Claim, conditions: Conditions) -> bool:
    """Whether requests under these conditions fit everything in the claim but its alias."""
    return (
        (not claim.sources or conditions.source in claim.sources)
        and claim.traffic in (None, conditions.traffic)
        and claim.authenticated in (None, conditions.authenticated)
    )


def zones_of(tier: Tier) -> frozenset[str]:
    return frozenset(target.zone for target in tier.targets)


def _breaks(claim: Claim, tiers: Sequence[frozenset[str]]) -> bool:
    """Whether a suspect that is sent to these zones, tier by tier, breaks the claim."""
    if claim.kind is ClaimKind.ALWAYS:
        return not (tiers and _holds_target(claim, tiers[0]))
    return any(_holds_target(claim, zones) for zones in tiers)


def _holds_target(claim: Claim, zones: frozenset[str]) -> bool:
    return bool(zones & set(claim.targets)) if claim.targets else bool(zones)
