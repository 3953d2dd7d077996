"""The characters of an alias as a few dozen symbols, so that a set of characters is a bit mask.

Every printable ASCII character is a symbol of its own, in lower case as aliases are matched. All others together are
one symbol, which is split only where a pattern tells some of them apart (``[é]``). Control characters have no symbol:
no URI holds one (RFC 3261 25.1), and with them ``.`` and ``[^@]`` would differ for aliases that nobody can send.
"""

from __future__ import annotations

from collections.abc import Iterable

from dialplan.pattern.folding import FIRST_MARK, LAST_MARK
from dialplan.syntax import MAX_CODE_POINT, CharacterSet, Literal, Node, Range, children

FIRST_OTHER = 0xA0
"""The first character behind ASCII and the control characters C1."""
PREFERRED = "abcdefghijklmnopqrstuvwxyz0123456789-._@:;="
"""Symbols are numbered in this order, then the others: a witness has the first character that fits."""
PRINTABLE = tuple(dict.fromkeys([*map(ord, PREFERRED), *range(0x20, 0x41), *range(0x5B, 0x7F)]))


class Alphabet:
    """``others``: ranges of code points from FIRST_OTHER on. The symbols inside and outside each range differ."""

    def __init__(self, others: Iterable[Range] = ()) -> None:
        self.others = frozenset(others)
        self._blocks = _blocks(self.others)
        self.size = len(PRINTABLE) + len(self._blocks)
        self.everything = (1 << self.size) - 1
        """The mask of all symbols."""
        self._symbols = {code: symbol for symbol, code in enumerate(PRINTABLE)}
        self.bits = {chr(code): 1 << symbol for symbol, code in enumerate(PRINTABLE)}
        """``bit`` of the characters of ASCII."""
        self._samples = PRINTABLE + tuple(0xE9 if low <= 0xE9 <= high else low for low, high in self._blocks)
        """A code point of each symbol."""
        self._masks: dict[tuple[Range, ...], int] = {}
        """A set in a repetition is asked for once for each copy: the graph of addresses takes 9 ms so, else 42."""

    @staticmethod
    def of(nodes: Iterable[Node]) -> Alphabet:
        """The alphabet in which all these (expanded) trees are exact."""
        others = {named for node in nodes for named in _foreign(node)}
        return Alphabet(others) if others else ASCII

    def mask(self, ranges: tuple[Range, ...]) -> int:
        """The symbols of a set of characters. Each symbol must be wholly inside or outside the ranges."""
        if ranges not in self._masks:
            symbols = (symbol for symbol, code in enumerate(self._samples) if _inside(code, ranges))
            self._masks[ranges] = sum(1 << symbol for symbol in symbols)
        return self._masks[ranges]

    def mask_of_character(self, character: str) -> int:
        """0 for a character that no alias holds."""
        symbol = self._symbols.get(ord(character))
        return 1 << symbol if symbol is not None else self.mask(((ord(character), ord(character)),))

    def symbol(self, character: str) -> int | None:
        """The symbol of a character of a folded alias; None for a control character."""
        code = ord(character)
        symbol = self._symbols.get(code)
        if symbol is not None:
            return symbol
        for number, (low, high) in enumerate(self._blocks):
            if low <= code <= high:
                return len(PRINTABLE) + number
        return None

    def bit(self, character: str) -> int:
        """The mask of the character's symbol; 0 for a control character."""
        symbol = self.symbol(character)
        return 0 if symbol is None else 1 << symbol

    def character(self, mask: int) -> str:
        """The first character of a mask that is not 0."""
        return chr(self._samples[first_symbol(mask)])


def first_symbol(mask: int) -> int:
    """The lowest symbol of a mask that is not 0."""
    return (mask & -mask).bit_length() - 1


def _blocks(others: frozenset[Range]) -> tuple[Range, ...]:
    """The code points behind ASCII, cut at every border of the ranges; surrogates and marks are never in an alias."""
    borders = {FIRST_OTHER, 0xD800, 0xE000, FIRST_MARK, LAST_MARK + 1, MAX_CODE_POINT + 1}
    for low, high in others:
        borders |= {max(low, FIRST_OTHER), max(high + 1, FIRST_OTHER)}
    edges = sorted(borders)
    blocks = [(low, high - 1) for low, high in zip(edges, edges[1:], strict=False)]
    allowed = [block for block in blocks if not (0xD800 <= block[0] < 0xE000 or FIRST_MARK <= block[0] <= LAST_MARK)]
    return tuple(allowed) if others else ((FIRST_OTHER, MAX_CODE_POINT),)


def _foreign(node: Node) -> list[Range]:
    """Ranges behind ASCII that a tree names. A range up to the last code point means all others, and names none."""
    if isinstance(node, Literal):
        return [(ord(character), ord(character)) for character in node.text if ord(character) >= FIRST_OTHER]
    if isinstance(node, CharacterSet):
        whole = any(low <= FIRST_OTHER and high == MAX_CODE_POINT for low, high in _joined(node.ranges))
        return [] if whole else [span for span in node.ranges if span[1] >= FIRST_OTHER]
    return [span for child in children(node) for span in _foreign(child)]


def _joined(ranges: tuple[Range, ...]) -> list[Range]:
    """Ranges with the gap of the surrogates closed."""
    result: list[Range] = []
    for low, high in ranges:
        if result and result[-1][1] == 0xD7FF and low == 0xE000:
            result[-1] = (result[-1][0], high)
        else:
            result.append((low, high))
    return result


def _inside(code: int, ranges: tuple[Range, ...]) -> bool:
    return any(low <= code <= high for low, high in ranges)


ASCII = Alphabet()
"""For patterns that name no character behind ASCII."""
