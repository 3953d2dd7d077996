"""The languages that take part in a decision, and which of them share an alias."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from dialplan.analysis.languages.automaton import NotProved
from dialplan.analysis.languages.facts import Facts, facts_of_language
from dialplan.analysis.languages.facts_index import FactsIndex, chosen
from dialplan.analysis.languages.grammar import Witnesses
from dialplan.analysis.languages.language import Language
from dialplan.pattern.folding import Test

from .plan import UNCHANGED, Branch, SymbolicRule
from .rewriting import Same


class Item:
    """A language that takes part. Rules with the same language share one item.

    ``facts``: each holds for all its aliases. ``parts``: items that hold all its aliases; at least itself.
    """

    def __init__(
        self, language: Language, facts: tuple[Facts, ...] | None, parts: tuple[Item, ...], test: Test | None
    ) -> None:
        """None: the facts and the test of the language itself; ``parts``: () for itself."""
        self.language = language
        self._facts = facts
        self.parts = parts or (self,)
        self.test: Test = test or language.__contains__
        """Whether a folded alias is in the language."""

    @cached_property
    def facts(self) -> tuple[Facts, ...]:
        return facts_of_language(self.language) if self._facts is None else self._facts

    def apart(self, other: Item) -> bool:
        """Whether the facts alone say that they share no alias."""
        return any(fact.apart(other_fact) for fact in self.facts for other_fact in other.facts)


View = list[tuple[SymbolicRule, Item]]
"""Rules, and the languages of the aliases to which they apply."""


class Meetings:
    """The answers whether two languages share an alias.

    Each is computed once: with transforms and conditions ``diff`` of 30 rules takes 16 s with it, 104 without.
    """

    def __init__(self) -> None:
        self.witnesses = Witnesses()
        self._items: dict[Language, Item] = {}
        self._plain: dict[SymbolicRule, Item] = {}
        self._indexed: dict[Sequence[SymbolicRule], tuple[FactsIndex, View]] = {}
        self._meet: dict[tuple[int, int], bool] = {}
        self._alike: dict[tuple[int, int], Item] = {}
        """(base, item of a rule) -> the answer of ``inside``; without it the same ``diff`` takes 118 s."""

    def item(self, language: Language, parts: tuple[Item, ...] = ()) -> Item:
        if language not in self._items:
            facts = tuple(fact for part in parts for fact in part.facts) if parts else None
            self._items[language] = Item(language, facts, parts, None)
        return self._items[language]

    def of_rule(self, rule: SymbolicRule, branch: Branch) -> Item:
        """The aliases before the branch's transform that the rule matches. Raises NotProved when there is no exact
        way to turn the transform round."""
        plain = isinstance(branch.rewriting, Same)
        if plain and rule in self._plain:
            return self._plain[rule]
        language = branch.before(rule.language)
        if language not in self._items:
            facts, test = ((rule.facts,), rule.test) if plain else (None, None)
            self._items[language] = Item(language, facts, (), test)
        if plain:
            self._plain[rule] = self._items[language]
        return self._items[language]

    def items(self, base: Item, rules: Sequence[SymbolicRule], branch: Branch) -> set[Item]:
        """The results of ``inside`` for all these rules."""
        if isinstance(branch.rewriting, Same):
            return {self._plain.get(rule) or self.of_rule(rule, branch) for rule in rules}
        return {self.inside(base, rule, branch) for rule in rules}

    def near(self, base: Item, rules: tuple[SymbolicRule, ...], branch: Branch) -> View:
        """Those of the rules that may match an alias of ``base`` behind the branch's transform, as ``inside``.

        Raises NotProved as ``of_rule`` does.
        """
        if rules not in self._indexed:
            view = [(rule, self.of_rule(rule, UNCHANGED)) for rule in rules]
            self._indexed[rules] = FactsIndex([rule.facts for rule in rules]), view
        index, view = self._indexed[rules]
        if not isinstance(branch.rewriting, Same):
            behind = [(rule, self.inside(base, rule, branch)) for rule, _ in chosen(view, index.near(branch.image))]
            return [(rule, item) for rule, item in behind if not self.apart(base, item)]
        bits = (1 << len(rules)) - 1
        for part in base.parts:
            for facts in part.facts:
                bits &= index.near(facts)
        return chosen(view, bits)

    def inside(self, base: Item, rule: SymbolicRule, branch: Branch) -> Item:
        """As ``of_rule``, but without the transform when it makes no difference for the aliases of ``base``."""
        item = self.of_rule(rule, branch)
        if isinstance(branch.rewriting, Same):
            return item
        plain = self.of_rule(rule, UNCHANGED)
        key = (id(base), id(item))
        if key not in self._alike:
            self._alike[key] = plain if self._same_inside(base, item, plain) else item
        return self._alike[key]

    def _same_inside(self, base: Item, item: Item, other: Item) -> bool:
        """Whether both items hold the same aliases of ``base``; False when that was not proved."""
        try:
            first, second = base.language & item.language, base.language & other.language
            return (first - other.language).is_empty() and (second - item.language).is_empty()
        except NotProved:
            return False

    def apart(self, item: Item, other: Item) -> bool:
        """Whether the facts about a part of ``item`` alone say that they share no alias."""
        return any(part.apart(other) for part in item.parts)

    def meet(self, item: Item, other: Item) -> bool:
        """Whether each part of the one shares an alias with each part of the other; True when that was not proved."""
        return all(self._parts_meet(part, counterpart) for part in item.parts for counterpart in other.parts)

    def _parts_meet(self, item: Item, other: Item) -> bool:
        key = (id(item), id(other)) if id(item) < id(other) else (id(other), id(item))
        if key not in self._meet:
            self._meet[key] = not item.apart(other) and _may_meet(item.language, other.language)
        return self._meet[key]


def _may_meet(language: Language, other: Language) -> bool:
    try:
        return language.meets(other)
    except NotProved:
        return True
