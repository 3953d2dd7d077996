"""The rooms of docs/architecture.md: who may import whom, what is pure, how large files and rooms may be."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from support.paths import ROOT

PACKAGES = ("dialplan", "zones", "sipedge")
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text()

IMPURE_LIBRARIES = {"socket", "ssl", "asyncio", "threading", "time", "cffi", "dns", "uvloop", "pjsua2", "subprocess"}

ONLY_IN = {
    "lark": ("dialplan",),
    "cffi": ("sipedge/pjsip",),
    "pjsua2": ("sipedge/pjsip", "sipedge/lab"),
    "click": ("sipedge/cli",),
    "rich": ("sipedge/cli", "sipedge/lab"),
    "pydantic": ("sipedge/config",),
    "tree_sitter": ("sipedge/config",),
    "starlette": ("sipedge/console",),
    "uvicorn": ("sipedge/console",),
    "jinja2": ("sipedge/console",),
    "prometheus_client": ("sipedge/tap", "sipedge/edge", "sipedge/doctor", "sipedge/servers"),
}
FILE_CEILING = 450
FUNCTION_CEILING = 50
ROOM_CEILING = 16

NOT_MIRRORED = {"support", "data", "e2e"}
"""Folders of tests that are no room's."""


@dataclass(frozen=True)
class Room:
    """One row of the table."""

    sentence: str
    pure: bool
    may_import: tuple[str, ...]
    """Rooms; with ``*`` at its end, a room and those in it."""

    def permits(self, other: str) -> bool:
        return any(_covers(entry, other) for entry in self.may_import)


def _covers(entry: str, room: str) -> bool:
    if not entry.endswith("*"):
        return room == entry
    return room == entry[:-1] or room.startswith(entry[:-1] + "/")


def _rooms() -> dict[str, Room]:
    row = re.compile(r"^\| `([a-z_/]+)` \| (.+?) \| (yes)? ?\| ?(.*?) ?\|$", re.MULTILINE)
    table = ARCHITECTURE[ARCHITECTURE.index("## Rooms") : ARCHITECTURE.index("### Rooms that differ")]
    return {
        name: Room(sentence, bool(pure), tuple(re.findall(r"`([a-z_/*]+)`", imports)))
        for name, sentence, pure, imports in row.findall(table)
    }


ROOMS = _rooms()


@dataclass
class Module:
    name: str
    path: Path
    tree: ast.Module
    always: set[str] = field(default_factory=set)
    """What is imported when the module is."""
    all: set[str] = field(default_factory=set)
    """With what its functions import later."""

    @property
    def room(self) -> str:
        return self.path.parent.relative_to(ROOT).as_posix()


@cache
def modules() -> Mapping[str, Module]:
    """By full name; ``__main__`` is left out, nothing imports it."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if parts[-1] != "__main__":
                name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
                found[name] = Module(name, path, ast.parse(path.read_text(), str(path)))
    for module in found.values():
        for node, later in _imports(module.tree, False):
            targets = set(_targets(module, node, set(found)))
            module.all |= targets
            if not later:
                module.always |= targets
    return found


def _imports(node: ast.AST, later: bool) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, later
        elif not isinstance(child, ast.expr):
            yield from _imports(child, later or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef))


def _targets(module: Module, node: ast.Import | ast.ImportFrom, known: set[str]) -> Iterator[str]:
    """Full names of the imported modules; ``from package import x`` is the module x where there is one."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
        return
    base = node.module or ""
    if node.level:
        parts = module.name.split(".")
        package = parts if module.path.name == "__init__.py" else parts[:-1]
        base = ".".join([*package[: len(package) - node.level + 1], *([base] if base else [])])
    for alias in node.names:
        yield f"{base}.{alias.name}" if f"{base}.{alias.name}" in known else base


def _ours(names: set[str]) -> Iterator[Module]:
    return (modules()[name] for name in names if name in modules())


def _arrows() -> dict[str, set[str]]:
    """Room -> the other rooms that its files import from."""
    arrows: dict[str, set[str]] = {}
    for module in modules().values():
        others = arrows.setdefault(module.room, set())
        others |= {target.room for target in _ours(module.all)} - {module.room}
    return arrows


def _uses(module: Module, library: str) -> bool:
    return any(name == library or name.startswith(library + ".") for name in module.all)


def _cycle(graph: Mapping[str, set[str]]) -> str:
    """'' when there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return " -> ".join(error.args[1])
    return ""


def test_the_table_lists_the_rooms_that_there_are() -> None:
    assert sorted(ROOMS) == sorted(_arrows())
    assert [name for name, room in ROOMS.items() if len(room.sentence) < 10] == []


def test_rooms_import_what_the_table_allows() -> None:
    breaches = {
        room: sorted(other for other in others if not ROOMS[room].permits(other)) for room, others in _arrows().items()
    }
    assert {room: others for room, others in breaches.items() if others} == {}


def test_the_table_allows_nothing_that_no_room_needs() -> None:
    arrows = _arrows()
    idle = {
        name: [entry for entry in room.may_import if not any(_covers(entry, other) for other in arrows[name])]
        for name, room in ROOMS.items()
    }
    assert {name: entries for name, entries in idle.items() if entries} == {}


def test_pure_rooms_reach_nothing_that_is_not() -> None:
    for module in modules().values():
        if ROOMS[module.room].pure:
            assert [library for library in IMPURE_LIBRARIES if _uses(module, library)] == [], module.name
            assert [target.name for target in _ours(module.all) if not ROOMS[target.room].pure] == [], module.name


def test_there_is_no_cycle_between_rooms() -> None:
    assert _cycle(_arrows()) == ""


def test_there_is_no_cycle_between_files() -> None:
    always = {name: {target.name for target in _ours(module.always)} - {name} for name, module in modules().items()}
    assert _cycle(always) == ""


def test_nobody_imports_the_faces() -> None:
    faces = [module.name for module in modules().values() if module.room.startswith("sipedge/cli")]
    users = {module.name for module in modules().values() if module.all & set(faces)}
    assert [name for name in users if not name.startswith("sipedge.cli")] == []


@pytest.mark.parametrize("library", ONLY_IN)
def test_libraries_stay_in_their_place(library: str) -> None:
    users = [module for module in modules().values() if _uses(module, library)]
    assert [module.name for module in users if not module.room.startswith(ONLY_IN[library])] == []


def test_lark_is_seen_by_parser_files_only() -> None:
    users = [module.name for module in modules().values() if _uses(module, "lark")]
    assert [name for name in users if not name.endswith("parser")] == []


def test_no_import_is_hidden_from_the_reader() -> None:
    """An import for types only would be an arrow that nobody sees."""
    assert [module.name for module in modules().values() if "TYPE_CHECKING" in module.path.read_text()] == []


def test_files_functions_and_rooms_stay_small() -> None:
    large = []
    rooms: dict[str, int] = {}
    for module in modules().values():
        rooms[module.room] = rooms.get(module.room, 0) + (module.path.name != "__init__.py")
        if len(module.path.read_text().splitlines()) > FILE_CEILING:
            large.append(module.name)
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                if (node.end_lineno or 0) - node.lineno >= FUNCTION_CEILING:
                    large.append(f"{module.name}.{node.name}")
    assert large == []
    assert {room: count for room, count in rooms.items() if count > ROOM_CEILING} == {}


def test_tests_mirror_the_rooms() -> None:
    folders = {path.parent.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("test_*.py")}
    strangers = [folder.as_posix() for folder in folders if folder.parts and folder.parts[0] not in NOT_MIRRORED]
    assert [folder for folder in strangers if folder not in ROOMS] == []
