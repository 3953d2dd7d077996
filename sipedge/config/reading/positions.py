"""Where each key and value of a TOML file is written.

``tomllib`` gives the data without positions; the tree of tree-sitter gives every node's. Both are joined by path:
``("zone", 2, "peers", 0)`` is the first peer of the third ``[[zone]]``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field

import tree_sitter_toml
from tree_sitter import Language, Node, Parser

Path = tuple[str | int, ...]

_KEYS = ("bare_key", "quoted_key", "dotted_key")


@dataclass(slots=True)
class Positions:
    """1-based line and column (in characters) of keys and values of one file."""

    lines: list[str]
    keys: dict[Path, tuple[int, int]] = field(default_factory=dict)
    values: dict[Path, tuple[int, int]] = field(default_factory=dict)

    def of_key(self, path: Path) -> tuple[int, int]:
        """Where the key is written; for a path that is not in the file, where its nearest table is."""
        return self.keys.get(path) or self.values.get(path) or (self.of_key(path[:-1]) if path else (1, 1))

    def of_value(self, path: Path) -> tuple[int, int]:
        return self.values.get(path) or self.of_key(path)

    def line(self, number: int) -> str:
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""


def read_positions(text: str) -> Positions:
    """The positions in a text that ``tomllib`` has accepted."""
    lines = text.replace("\r\n", "\n").split("\n")
    walk = _Walk(Positions(lines), [line.encode() for line in text.split("\n")])
    walk.document(Parser(Language(tree_sitter_toml.language())).parse(text.encode()).root_node)
    return walk.positions


@dataclass(slots=True)
class _Walk:
    positions: Positions
    encoded: list[bytes]
    arrays: dict[Path, int] = field(default_factory=dict)
    """How many elements each array of tables has so far."""

    def document(self, root: Node) -> None:
        for child in root.named_children:
            if child.type == "pair":
                self.pair((), child)
            elif child.type in ("table", "table_array_element"):
                self.table(child)

    def table(self, node: Node) -> None:
        header = next(child for child in node.named_children if child.type in _KEYS)
        path = self.header(list(_names(header)), self.place(header))
        if node.type == "table_array_element":
            index = self.arrays.get(path, 0)
            self.arrays[path] = index + 1
            self.positions.keys.setdefault(path, self.place(header))
            path = (*path, index)
        self.positions.keys.setdefault(path, self.place(header))
        for child in node.named_children:
            if child.type == "pair":
                self.pair(path, child)

    def header(self, names: list[str], place: tuple[int, int]) -> Path:
        """A header's path: each array of tables on the way stands for its latest element. Tables on the way that no
        header of their own makes are made here."""
        path: Path = ()
        for number, name in enumerate(names):
            path = (*path, name)
            if number < len(names) - 1:
                self.positions.keys.setdefault(path, place)
                path = (*path, self.arrays[path] - 1) if path in self.arrays else path
        return path

    def pair(self, path: Path, node: Node) -> None:
        key, value = node.named_children[0], node.named_children[1]
        for name in _names(key):
            path = (*path, name)
            self.positions.keys.setdefault(path, self.place(key))
        self.value(path, value)

    def value(self, path: Path, node: Node) -> None:
        self.positions.values[path] = self.place(node)
        if node.type == "array":
            elements = [child for child in node.named_children if child.type != "comment"]
            for index, element in enumerate(elements):
                self.value((*path, index), element)
        elif node.type == "inline_table":
            for child in node.named_children:
                if child.type == "pair":
                    self.pair(path, child)

    def place(self, node: Node) -> tuple[int, int]:
        row, column = node.start_point
        return row + 1, len(self.encoded[row][:column].decode(errors="replace")) + 1


def _names(key: Node) -> Iterator[str]:
    """The parts of a key; quoted ones are read by tomllib itself, which knows the escapes."""
    if key.type == "dotted_key":
        for part in key.named_children:
            yield from _names(part)
        return
    text = (key.text or b"").decode()
    yield next(iter(tomllib.loads(f"{text} = 0"))) if key.type == "quoted_key" else text
