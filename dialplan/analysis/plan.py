"""A compiled plan in terms of languages: the aliases, as they come in, that each rule matches.

A transform changes the alias before the rules see it. So the aliases fall into *branches*, one for each transform and
one for aliases without a transform. Inside a branch the language of a rule is turned back to the alias before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dialplan.analysis.languages.addresses import addresses
from dialplan.analysis.languages.alphabet import Alphabet
from dialplan.analysis.languages.facts import NO_FACTS, facts_of
from dialplan.analysis.languages.language import Language, node_of
from dialplan.analysis.languages.normal import normal
from dialplan.model import (
    DEFAULT_ZONE,
    LOCAL_ZONE,
    Entry,
    Mode,
    PatternType,
    RuleOutcome,
    SourceMode,
    Transform,
    Variables,
)
from dialplan.pattern.folding import Test, fold
from dialplan.search.compiled_rule import CompiledRule
from dialplan.search.search import CompiledPlan, is_address
from dialplan.syntax import Node

from .requests import Conditions
from .rewriting import Rewriting, Same, aliases_before, image, rewriting_of


class Languages:
    """The languages of patterns over one alphabet, in which the patterns of all plans are exact.

    Each is made once, so that patterns have equal languages when their normal trees are equal.
    """

    def __init__(self, plans: Sequence[CompiledPlan]) -> None:
        self._nodes: dict[tuple[PatternType, str, Variables], Node] = {}
        self._unique: dict[Node, Node] = {}
        nodes = [self.node(entry, plan) for plan in plans for entry in plan.dialplan.entries if entry.uses_pattern]
        self.alphabet = Alphabet.of(nodes)
        self.everything = Language.everything(self.alphabet)
        self._languages: dict[Node, Language] = {}
        self._of_node: dict[int, Language] = {}
        self._before: dict[Rewriting, dict[Language, Language]] = {}

    def node(self, entry: Entry, plan: CompiledPlan) -> Node:
        """The expanded tree of its pattern."""
        key = (entry.pattern_type, entry.pattern, plan.variables)
        if key not in self._nodes:
            node = node_of(*key, plan.dialplan.syntax.get(entry.pattern))
            self._nodes[key] = self._unique.setdefault(node, node)
        return self._nodes[key]

    def language(self, node: Node) -> Language:
        """``node``: a result of the method ``node``."""
        if id(node) not in self._of_node:
            tree = normal(node)
            if tree not in self._languages:
                self._languages[tree] = Language.of_node(tree, self.alphabet)
            self._of_node[id(node)] = self._languages[tree]
        return self._of_node[id(node)]

    def before(self, rewriting: Rewriting) -> dict[Language, Language]:
        """The languages turned back through a rewriting, shared by all plans.

        With transforms and conditions ``diff`` of 30 rules takes 16 s with it, 26 without.
        """
        return self._before.setdefault(rewriting, {})

    @property
    def addresses(self) -> Language:
        return addresses(self.alphabet)


class SymbolicRule:
    """An enabled search rule. ``language``: the aliases, as they are searched for, that it matches."""

    def __init__(self, compiled: CompiledRule, plan: CompiledPlan, languages: Languages) -> None:
        self.compiled = compiled
        self.rule = compiled.rule
        node = languages.node(self.rule, plan) if self.rule.uses_pattern else None
        self.facts = facts_of(node) if node is not None else NO_FACTS
        if node is not None:
            self.language = languages.language(node)
        elif self.rule.mode is Mode.ANY_IP_ADDRESS:
            self.language = languages.addresses
        else:
            self.language = ~languages.addresses
        self.rewriting: Rewriting = rewriting_of(self.rule, node, plan.variables) if node is not None else Same()
        self.test = _test(compiled)
        """Whether a folded alias is in ``language``, by the live engine's own test."""

    @property
    def signature(self) -> tuple[object, ...]:
        """Rules with the same signature apply under the same conditions."""
        rule = self.rule
        return (rule.protocol, rule.source, rule.source_name, rule.traffic_type, rule.authenticated)

    def admits(self, conditions: Conditions) -> bool:
        """Whether the rule applies under these conditions, its alias aside."""
        # Without an alias the pattern (or mode) is all that can still refuse.
        return self.compiled.refusal(conditions.query(""), None, False) in (RuleOutcome.PATTERN, RuleOutcome.MODE)

    def matches(self, searched: str) -> bool:
        """Whether an alias is in ``language``."""
        return self.test(fold(searched))

    def admits_source(self, zone: str) -> bool:
        """Whether the rule's source includes the zone."""
        rule = self.rule
        if rule.source is SourceMode.NAMED:
            return rule.source_name == zone
        if rule.source is SourceMode.LOCAL_ZONE:
            return zone == LOCAL_ZONE
        return rule.source is SourceMode.ANY or zone != DEFAULT_ZONE

    def __repr__(self) -> str:
        return f"SymbolicRule({self.rule.name!r})"


def _test(rule: CompiledRule) -> Test:
    if rule.pattern:
        return rule.pattern.test
    return is_address if rule.rule.mode is Mode.ANY_IP_ADDRESS else lambda folded: not is_address(folded)


class Branch:
    """The aliases to which one transform is applied. ``transform``: None for those to which none is."""

    def __init__(
        self,
        transform: Transform | None,
        rewriting: Rewriting,
        domain: Language,
        known: dict[Language, Language] | None = None,
    ) -> None:
        """``domain``: these aliases; ``known``: the languages turned back through an equal rewriting, to be shared."""
        self.transform = transform
        self.rewriting = rewriting
        self.image = facts_of(image(rewriting))
        """Facts about the aliases that come out of the transform."""
        self.domain = domain
        self._before: dict[Language, Language] = {} if known is None else known

    def before(self, searched: Language) -> Language:
        """The aliases before the transform that are searched for as one of these; only those in ``domain`` count.

        Raises NotProved when there is no exact way to turn the transform round. Each answer is kept: without that the
        ``diff`` of ``Languages.before`` takes 148 s.
        """
        if isinstance(self.rewriting, Same):
            return searched
        if searched not in self._before:
            self._before[searched] = aliases_before(searched, self.rewriting)
        return self._before[searched]


UNCHANGED = Branch(None, Same(), Language.everything())
"""The branch for languages of the alias as it is searched for."""


class SymbolicPlan:
    """``rules``: the enabled ones in the order of the search. Plans that are compared share their ``languages``."""

    def __init__(self, plan: CompiledPlan, languages: Languages | None = None) -> None:
        self.plan = plan
        self.languages = languages or Languages([plan])
        self.rules = tuple(SymbolicRule(rule, plan, self.languages) for rule in plan.rules if rule.enabled)
        self.transforms: tuple[Transform, ...] = tuple(
            sorted(
                (transform for transform in plan.dialplan.transforms if transform.enabled),
                key=lambda transform: transform.priority,
            )
        )
        self.branches: tuple[Branch, ...] = tuple(self._branches())
        alike: dict[object, list[SymbolicRule]] = {}
        for rule in self.rules:
            alike.setdefault(rule.signature, []).append(rule)
        self._alike = tuple(alike.values())
        """Rules grouped by signature, and below what each group admits: a tenth less time for ``diff``
        (tools/bench/check.py)."""
        self._admitted: dict[tuple[bool, ...], tuple[SymbolicRule, ...]] = {}

    def admitted(self, conditions: Conditions) -> tuple[SymbolicRule, ...]:
        """The rules that apply under these conditions, whatever the alias."""
        fitting = tuple(rules[0].admits(conditions) for rules in self._alike)
        if fitting not in self._admitted:
            fit = {id(rule) for fits, rules in zip(fitting, self._alike, strict=True) if fits for rule in rules}
            self._admitted[fitting] = tuple(rule for rule in self.rules if id(rule) in fit)
        return self._admitted[fitting]

    def _branches(self) -> Iterable[Branch]:
        """The aliases without a transform come first, as most requests are of that kind."""
        left = self.languages.everything
        nodes = [self.languages.node(transform, self.plan) for transform in self.transforms]
        facts = [facts_of(node) for node in nodes]
        branches: list[Branch] = []
        for position, (transform, node) in enumerate(zip(self.transforms, nodes, strict=True)):
            domain = language = self.languages.language(node)
            for earlier in range(position):
                if not facts[earlier].apart(facts[position]):
                    domain -= self.languages.language(nodes[earlier])
            rewriting = rewriting_of(transform, node, self.plan.variables)
            branches.append(Branch(transform, rewriting, domain, self.languages.before(rewriting)))
            left -= language
        return [Branch(None, Same(), left), *branches]
