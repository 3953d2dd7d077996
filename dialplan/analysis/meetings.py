"""Languages that take part in a decision, and which of them share an alias."""

from __future__ import annotations

from collections.abc import Callable

from dialplan.analysis.languages.automaton import NotProved
from dialplan.analysis.languages.facts import Facts, facts_of_language
from dialplan.analysis.languages.language import Language

from .plan import UNCHANGED, Branch, SymbolicRule
from .rewriting import Same

Test = Callable[[str], bool]


class Item:
    """A language that takes part; rules that ask for the same one share it.

    ``facts``: each holds for all its aliases. ``parts``: items that hold all its aliases; at least itself.
    """

    __slots__ = ("facts", "language", "parts", "test")

    def __init__(
        self, language: Language, facts: tuple[Facts, ...], parts: tuple[Item, ...], test: Test | None
    ) -> None:
        self.language = language
        self.facts = facts
        self.parts = parts or (self,)
        self.test: Test = test or language.__contains__
        """Whether an alias is in it."""

    def apart(self, other: Item) -> bool:
        """Whether it is plain to see that they share no alias."""
        return any(one.apart(two) for one in self.facts for two in other.facts)


class Meetings:
    """Which languages share an alias; asked once for each pair."""

    def __init__(self) -> None:
        self._items: dict[Language, Item] = {}
        self._of_rules: dict[tuple[int, int], Item] = {}
        self._meet: dict[tuple[int, int], bool] = {}
        self._apart: dict[tuple[int, int], bool] = {}
        self._alike: dict[tuple[int, int], Item] = {}

    def item(self, language: Language, parts: tuple[Item, ...] = ()) -> Item:
        found = self._items.get(language)
        if found is None:
            facts = tuple(fact for part in parts for fact in part.facts)
            found = self._items[language] = Item(language, facts, parts, None)
        return found

    def of_rule(self, rule: SymbolicRule, branch: Branch) -> Item:
        """What the rule matches, on the alias before the branch's transform. Raise NotProved."""
        key = (id(rule), id(branch))
        found = self._of_rules.get(key)
        if found is None:
            found = self._of_rules[key] = self._made(rule, branch)
        return found

    def inside(self, base: Item, rule: SymbolicRule, branch: Branch) -> Item:
        """As ``of_rule``; where the transform makes no difference for the base's aliases, as without it."""
        found = self.of_rule(rule, branch)
        if isinstance(branch.rewriting, Same):
            return found
        plain = self.of_rule(rule, UNCHANGED)
        key = (id(base), id(found))
        if key not in self._alike:
            self._alike[key] = plain if self._same_inside(base, found, plain) else found
        return self._alike[key]

    def _same_inside(self, base: Item, one: Item, other: Item) -> bool:
        """False also where that was not proved."""
        try:
            first, second = base.language & one.language, base.language & other.language
            return (first - other.language).is_empty() and (second - one.language).is_empty()
        except NotProved:
            return False

    def _made(self, rule: SymbolicRule, branch: Branch) -> Item:
        language = branch.before(rule.language)
        found = self._items.get(language)
        if found is None:
            plain = isinstance(branch.rewriting, Same)
            facts = rule.facts if plain else facts_of_language(language)
            found = Item(language, (facts,), (), rule.matches if plain else None)
            self._items[language] = found
        return found

    def apart(self, one: Item, other: Item) -> bool:
        """Whether it is plain to see, by one of its parts, that they share no alias."""
        for part in one.parts:
            key = (id(part), id(other))
            found = self._apart.get(key)
            if found is None:
                found = self._apart[key] = part.apart(other)
            if found:
                return True
        return False

    def meet(self, one: Item, other: Item) -> bool:
        """Whether each part of the one shares an alias with each of the other. True also where that was not proved."""
        return all(self._parts_meet(part, counterpart) for part in one.parts for counterpart in other.parts)

    def _parts_meet(self, one: Item, other: Item) -> bool:
        key = (id(one), id(other)) if id(one) < id(other) else (id(other), id(one))
        found = self._meet.get(key)
        if found is None:
            found = self._meet[key] = not one.apart(other) and _may_meet(one.language, other.language)
        return found


def _may_meet(one: Language, other: Language) -> bool:
    try:
        return one.meets(other)
    except NotProved:
        return True
