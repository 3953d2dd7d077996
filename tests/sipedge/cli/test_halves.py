"""The shape of a command (``sipedge/cli/__init__.py``): a light options half, a run half, one way between them."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from importlib import import_module
from importlib.util import resolve_name
from pathlib import Path

import click
import pytest

import sipedge.cli
from sipedge.cli import COMMANDS

CLI = Path(sipedge.cli.__file__).parent
FILES = sorted(CLI.rglob("*.py"))
OPTIONS_HALVES = {CLI / f"{module.replace('.', '/')}.py": f"sipedge.cli.{module}" for module in COMMANDS.values()}
WITH_OPTIONS = [name for path, name in OPTIONS_HALVES.items() if "import Options, run" in path.read_text()]
MOST_PARAMETERS = 3
"""Of a command without Options."""

HEAVY = {"pjsua2", "cffi", "lark", "pydantic", "rich", "cryptography", "dns", "re2", "prometheus_client"} | {
    "ahocorasick",
    "asyncio",
    "multiprocessing",
    "pygls",
    "ssl",
    "tree_sitter",
    "uvloop",
}
OURS_AND_LIGHT = {
    "sipedge",
    "sipedge.cli.arguments",
    "sipedge.cli.colours",
    "sipedge.cli.encoding",
    "dialplan",
    "dialplan.model",
    "dialplan.syntax",
}


def _module(path: Path) -> str:
    parts = path.relative_to(CLI.parents[1]).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom))


def _imported(path: Path) -> Iterator[str]:
    """Full names of modules, and of what is taken from them."""
    package = _module(path) if path.name == "__init__.py" else _module(path).rpartition(".")[0]
    for node in _imports(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        else:
            base = resolve_name("." * node.level + (node.module or ""), package)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _inside_functions(path: Path) -> list[str]:
    functions = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]
    return [ast.unparse(node) for function in functions for node in _imports(function)]


def test_options_halves_load_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from importlib import import_module\n"
        f"for name in {list(OPTIONS_HALVES.values())}: import_module(name)\n"
        "print(*sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    loaded = set(done.stdout.split())
    assert HEAVY & loaded == set()
    folders = {_module(path) for path in FILES if path.name == "__init__.py"}
    ours = {name for name in loaded if name.partition(".")[0] in ("sipedge", "dialplan", "zones")}
    assert ours <= OURS_AND_LIGHT | folders | set(OPTIONS_HALVES.values())


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CLI)))
def test_functions_import_nothing_but_the_run_half(path: Path) -> None:
    later = _inside_functions(path)
    if path not in OPTIONS_HALVES:
        assert later == []
        return
    run = path.with_name(f"{path.stem}_run.py")
    if run.exists():
        assert later in ([f"from .{run.stem} import run"], [f"from .{run.stem} import Options, run"])
    else:
        assert len(later) == 1 and later[0].startswith("from sipedge.") and ".cli" not in later[0]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CLI)))
def test_nobody_imports_an_options_half(path: Path) -> None:
    """So no import inside a function can hide a cycle; nor does TYPE_CHECKING."""
    imported = set(_imported(path))
    assert imported & set(OPTIONS_HALVES.values()) == set()
    assert "typing.TYPE_CHECKING" not in imported


def test_every_run_half_has_its_command() -> None:
    halves = {path for path in FILES if path.name.endswith("_run.py")}
    assert halves == {run for path in OPTIONS_HALVES if (run := path.with_name(f"{path.stem}_run.py")).exists()}


def _commands(command: click.Command) -> list[click.Command]:
    return list(command.commands.values()) if isinstance(command, click.Group) else [command]


def _given(command: click.Command) -> list[click.Parameter]:
    """What its function is given."""
    return [parameter for parameter in command.params if parameter.expose_value]


@pytest.mark.parametrize("name", sorted(set(OPTIONS_HALVES.values()) - set(WITH_OPTIONS)))
def test_commands_without_options_have_few_parameters(name: str) -> None:
    for command in _commands(import_module(name).command):
        assert len(_given(command)) <= MOST_PARAMETERS


@pytest.mark.parametrize("name", WITH_OPTIONS)
def test_options_are_what_the_command_takes(name: str) -> None:
    options = import_module(f"{name}_run").Options
    (command,) = _commands(import_module(name).command)
    types = {field.name: str(field.type) for field in fields(options)}
    assert types.keys() == {parameter.name for parameter in _given(command)}
    assert options.__dataclass_params__.frozen
    defaults = command.make_context("x", [], resilient_parsing=True).params
    for parameter in _given(command):
        assert parameter.name is not None
        kind = types[parameter.name]
        assert (kind == "bool") == getattr(parameter, "is_flag", False), kind
        assert kind.startswith("tuple[") == (parameter.multiple or parameter.nargs != 1), kind
        assert kind.endswith("| None") == (defaults[parameter.name] is None and not parameter.required), kind
