"""The languages that take part in a decision, and which of them share an alias."""

from __future__ import annotations

from dialplan.analysis.languages.automaton import NotProved
from dialplan.analysis.languages.facts import Facts, facts_of_language
from dialplan.analysis.languages.language import Language
from dialplan.pattern.folding import Test

from .plan import UNCHANGED, Branch, SymbolicRule
from .rewriting import Same


class Item:
    """A language that takes part. Rules with the same language share one item.

    ``facts``: each holds for all its aliases. ``parts``: items that hold all its aliases; at least itself.
    """

    __slots__ = ("facts", "language", "parts", "test")

    def __init__(
        self, language: Language, facts: tuple[Facts, ...], parts: tuple[Item, ...], test: Test | None
    ) -> None:
        """``parts``: () for itself; ``test``: None for the language's own."""
        self.language = language
        self.facts = facts
        self.parts = parts or (self,)
        self.test: Test = test or language.__contains__
        """Whether an alias is in the language."""

    def apart(self, other: Item) -> bool:
        """Whether the facts alone say that they share no alias."""
        return any(fact.apart(other_fact) for fact in self.facts for other_fact in other.facts)


class Meetings:
    """The answers whether two languages share an alias.

    Each is computed once: with transforms and conditions ``diff`` of 30 rules takes 16 s with it, 104 without.
    """

    def __init__(self) -> None:
        self._items: dict[Language, Item] = {}
        self._meet: dict[tuple[int, int], bool] = {}
        self._alike: dict[tuple[int, int], Item] = {}
        """(base, item of a rule) -> the answer of ``inside``; without it the same ``diff`` takes 118 s."""

    def item(self, language: Language, parts: tuple[Item, ...] = ()) -> Item:
        if language not in self._items:
            facts = tuple(fact for part in parts for fact in part.facts)
            self._items[language] = Item(language, facts, parts, None)
        return self._items[language]

    def of_rule(self, rule: SymbolicRule, branch: Branch) -> Item:
        """The aliases before the branch's transform that the rule matches. Raises NotProved when there is no exact
        way to turn the transform round."""
        language = branch.before(rule.language)
        if language not in self._items:
            plain = isinstance(branch.rewriting, Same)
            facts = rule.facts if plain else facts_of_language(language)
            self._items[language] = Item(language, (facts,), (), rule.matches if plain else None)
        return self._items[language]

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
