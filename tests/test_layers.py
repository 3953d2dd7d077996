"""Who may import whom (docs/architecture.md): walks the source of all packages and fails on a breach."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("dialplan", "zones", "sipedge")
PURE_ROOTS = (
    "sipedge.proxy",
    "sipedge.classification",
    "sipedge.routing",
    "sipedge.validation",
    "sipedge.response_context",
    "sipedge.settings",
    "dialplan",
    "zones",
)
"""The pure half is what these import, however far down."""

IMPURE_LIBRARIES = {"socket", "ssl", "asyncio", "threading", "time", "cffi", "dns", "uvloop", "pjsua2", "subprocess"}
IO_HALF = {"config", "pjsip", "connections", "resolver", "server", "lab", "cli", "web", "doctor", "log"} | {
    "exposition",
    "metrics",
    "observers",
    "tap",
}
"""Parts of sipedge that the pure half must not reach."""

ONLY_IN = {
    "lark": ("dialplan",),
    "cffi": ("sipedge.pjsip",),
    "pjsua2": ("sipedge.pjsip", "sipedge.lab"),
    "click": ("sipedge.cli",),
    "rich": ("sipedge.cli", "sipedge.lab"),
    "pydantic": ("sipedge.config",),
    "tree_sitter": ("sipedge.config",),
    "prometheus_client": ("sipedge.tap.metrics", "sipedge.edge", "sipedge.doctor"),
}
FILE_CEILING = 500
FUNCTION_CEILING = 60


@dataclass
class Module:
    name: str
    path: Path
    tree: ast.Module
    always: set[str] = field(default_factory=set)
    """What is imported when the module is."""
    all: set[str] = field(default_factory=set)
    """With what its functions import later. Imports under TYPE_CHECKING count nowhere."""


def _read_all() -> dict[str, Module]:
    modules = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            modules[name] = Module(name, path, ast.parse(path.read_text(), str(path)))
    for module in modules.values():
        for node, later in _imports(module.tree, False):
            for target in _targets(module, node, set(modules)):
                module.all.add(target)
                if not later:
                    module.always.add(target)
    return modules


def _imports(node: ast.AST, later: bool) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, later
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            for other in child.orelse:
                yield from _imports(other, later)
        else:
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


MODULES = _read_all()


def _within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def _breaches(module: Module, forbidden: tuple[str, ...]) -> list[str]:
    return [target for target in module.all if any(_within(target, name) for name in forbidden)]


def _pure_half() -> set[str]:
    found: set[str] = set()
    waiting = [name for name in MODULES if any(_within(name, root) for root in PURE_ROOTS)]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [target for target in MODULES[name].all if target in MODULES]
    return found


@pytest.mark.parametrize(
    ("package", "others"), [("dialplan", ("zones", "sipedge")), ("zones", ("dialplan", "sipedge"))]
)
def test_dialplan_and_zones_import_nothing_of_ours(package: str, others: tuple[str, ...]) -> None:
    for name, module in MODULES.items():
        if _within(name, package):
            assert _breaches(module, others) == [], name


def test_the_pure_half_does_no_io() -> None:
    forbidden = (*IMPURE_LIBRARIES, *(f"sipedge.{part}" for part in IO_HALF))
    breaches = {name: found for name in _pure_half() if (found := _breaches(MODULES[name], forbidden))}
    assert breaches == {}


def test_nobody_imports_the_faces() -> None:
    for name, module in MODULES.items():
        for face in ("sipedge.cli", "sipedge.web"):
            if not _within(name, face) and name != "sipedge.__main__":
                assert _breaches(module, (face,)) == [], name


def test_only_the_faces_and_the_lab_import_the_server() -> None:
    for name, module in MODULES.items():
        if not any(_within(name, face) for face in ("sipedge.cli", "sipedge.web", "sipedge.lab", "sipedge.server")):
            assert _breaches(module, ("sipedge.server",)) == [], name


@pytest.mark.parametrize("library", ONLY_IN)
def test_libraries_stay_in_their_place(library: str) -> None:
    for name, module in MODULES.items():
        if not any(_within(name, place) for place in ONLY_IN[library]):
            assert _breaches(module, (library,)) == [], name


def test_lark_is_seen_by_parser_files_only() -> None:
    users = [name for name, module in MODULES.items() if _breaches(module, ("lark",))]
    assert [name for name in users if not name.endswith("parser")] == []


def test_there_is_no_import_cycle() -> None:
    graph = {
        name: {target for target in module.always if target in MODULES} - {name} for name, module in MODULES.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize("name", MODULES)
def test_files_and_functions_stay_short(name: str) -> None:
    module = MODULES[name]
    assert len(module.path.read_text().splitlines()) <= FILE_CEILING
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < FUNCTION_CEILING, node.name
