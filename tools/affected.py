"""Which test files can tell something new: those that have changed since they passed, or reach something that has.

A test file reaches what it imports, what that imports and so on, with the fixtures of its folders; imports inside
functions count. What starts Python again or imports by a name that it makes up reaches everything, as does a test file
that looks through folders. Files that are no Python (data, grammars, settings) are reached by all tests, pages of
documentation by those that speak of them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path

CODE = ("sipedge", "dialplan", "zones", "tools", "tests")
PACKAGES_AT = {"support": "tests/support"}
"""Packages that do not lie at the root: pytest's ``pythonpath``."""
PAGES = ("docs", "README.md", "CHANGELOG.md")
SPEAKS_OF_PAGES = re.compile(rb"docs|README|CHANGELOG")
REACHES_ALL = re.compile(rb"import_module\((?![\"'])|__import__|sys\.executable")
READS_FILES = re.compile(rb"\bROOT\b|rglob\(")
"""In a test file: it may read any of ours."""
IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+([.\w]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n(]+)|import[ \t]+([\w., \t]+))", re.MULTILINE
)
NAME = re.compile(rb"\w+")
LEFT_OUT = {"__pycache__", ".venv", ".git", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".check"}


class Tree:
    """The project's files as they are now."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._text: dict[str, bytes] = {}
        """Python files by their path from the root."""
        others, pages = hashlib.sha256(), hashlib.sha256()
        for path in sorted(_files(root)):
            name = path.relative_to(root).as_posix()
            if path.suffix == ".py" and name.partition("/")[0] in CODE:
                self._text[name] = path.read_bytes()
            else:
                (pages if name.startswith(PAGES) else others).update(name.encode() + b"\0" + path.read_bytes())
        self._others, self._pages = others.digest(), pages.digest()
        self._reached: dict[str, frozenset[str]] = {}

    def digest(self, test: str) -> str:
        """Equal as long as nothing that this test file reaches has changed; ``test``: its path from the root."""
        found = hashlib.sha256(self._others)
        if SPEAKS_OF_PAGES.search(self._text[test]):
            found.update(self._pages)
        for name in sorted(self.reach(test)):
            found.update(name.encode() + b"\0" + self._digests[name])
        return found.hexdigest()

    def reach(self, test: str) -> frozenset[str]:
        roots = {test, *(name for name in self._conftests if test.startswith(name.removesuffix("conftest.py")))}
        reached: set[str] = set()
        if READS_FILES.search(self._text[test]):
            return frozenset(self._text)
        while roots:
            name = roots.pop()
            if REACHES_ALL.search(self._text[name]):
                return frozenset(self._text)
            reached.add(name)
            roots |= self._imports(name) - reached
        return frozenset(reached)

    @cached_property
    def _digests(self) -> Mapping[str, bytes]:
        return {name: hashlib.sha256(text).digest() for name, text in self._text.items()}

    @cached_property
    def _conftests(self) -> list[str]:
        return [name for name in self._text if name.endswith("conftest.py")]

    def _imports(self, name: str) -> frozenset[str]:
        if name not in self._reached:
            self._reached[name] = frozenset(self._imported(name))
        return self._reached[name]

    def _imported(self, name: str) -> Iterable[str]:
        for base, names, plain in IMPORT.findall(self._text[name]):
            for module in plain.decode().split(",") if plain else ():
                yield from self._found(module.split()[0].split(".") if module.strip() else [])
            if base:
                parts = _absolute(base.decode(), name)
                yield from self._found(parts)
                for single in NAME.findall(names):
                    yield from self._found([*parts, single.decode()])

    def _found(self, parts: list[str]) -> Iterable[str]:
        """The files of a module and of the packages around it, as far as they are ours."""
        start = PACKAGES_AT.get(parts[0], parts[0]) if parts else ""
        folders = [start, *parts[1:]]
        for count in range(1, len(folders) + 1):
            path = "/".join(folders[:count])
            yield from (file for file in (f"{path}.py", f"{path}/__init__.py") if file in self._text)


def _absolute(base: str, name: str) -> list[str]:
    """Parts of a module's name; ``name``: the file that imports it."""
    relative = len(base) - len(base.lstrip("."))
    if not relative:
        return base.split(".")
    parts = name.removesuffix(".py").removesuffix("/__init__").split("/")
    package = parts if name.endswith("/__init__.py") else parts[:-1]
    return [*package[: len(package) - relative + 1], *filter(None, base.lstrip(".").split("."))]


def _files(folder: Path) -> Iterable[Path]:
    for path in folder.iterdir():
        if path.name in LEFT_OUT or path.name.endswith(".egg-info") or path.is_symlink():
            continue
        if path.is_dir():
            yield from _files(path)
        elif path.is_file():
            yield path


class Passed:
    """What has passed, as it was then: kept in a file between two runs."""

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            self._known: dict[str, str] = json.loads(file.read_text())
        except (OSError, ValueError):
            self._known = {}

    def has(self, test: str, digest: str) -> bool:
        return self._known.get(test) == digest

    def note(self, digests: Mapping[str, str]) -> None:
        """These have passed."""
        self._known.update(digests)
        self._file.parent.mkdir(exist_ok=True)
        self._file.write_text(json.dumps(self._known, indent=0, sort_keys=True))
