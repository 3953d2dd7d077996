"""``python -m tools.manpages FOLDER``: a man page for ``sipedge`` and for each of its commands, made of their help.

man(7) is written by hand here: it needs a dozen requests, and the help is the only source of what they say.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from sipedge import __version__
from sipedge.cli import COMMANDS, GROUPS, main

SECTION = 1


def pages() -> dict[str, str]:
    """File name -> page."""
    top = click.Context(main, info_name="sipedge", **main.context_settings)
    found = {f"sipedge.{SECTION}": _page(main, top, [*_commands(top), *_files()])}
    for name in COMMANDS:
        command = main.get_command(top, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=top)
        found[page_of(name)] = _page(command, context, _also([f"sipedge({SECTION})"]))
    return found


def page_of(command: str) -> str:
    return f"sipedge-{command.replace(' ', '-')}.{SECTION}"


def _page(command: click.Command, context: click.Context, more: list[str]) -> str:
    name = context.command_path.replace(" ", "-")
    usage = " ".join(command.collect_usage_pieces(context))
    lines = [f'.TH {_quoted(name.upper())} {SECTION} "" "sipedge {__version__}" ""', ".SH NAME"]
    lines += [f"{_text(name)} \\- {_text(command.get_short_help_str(1000).rstrip('.'))}"]
    lines += [".SH SYNOPSIS", f".B {_text(context.command_path)}", _text(usage)]
    lines += [".SH DESCRIPTION", *_paragraphs(command.help or "")]
    lines += [".SH OPTIONS", *_options(command, context)]
    return "\n".join([*lines, *more]) + "\n"


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in text.split("\n\n"):
        yield ".PP"
        yield _text(" ".join(paragraph.replace("\b", "").split()))


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and record[1]:  # the description is about arguments
            yield from (".TP", f".B {_text(record[0])}", _text(record[1]))


def _commands(context: click.Context) -> Iterator[str]:
    yield ".SH COMMANDS"
    for title, names in GROUPS.items():
        yield f".SS {_quoted(title)}"
        for name in names:
            command = main.get_command(context, name)
            assert command is not None
            yield from (".TP", f".BR sipedge-{_text(name)} ({SECTION})", _text(command.get_short_help_str(1000)))


def _files() -> list[str]:
    edge = "listeners, certificates, zones, limits; the dial plans that it names lie beside it."
    return [".SH FILES", ".TP", ".B edge.toml", edge, ".TP", ".B *.dialplan, *.cases", "Rules, and tests of rules."]


def _also(names: list[str]) -> list[str]:
    return [".SH SEE ALSO", ", ".join(f".BR {name.replace('(', ' (')}" for name in names)]


def _quoted(text: str) -> str:
    return '"' + _text(text).replace('"', '""') + '"'


def _text(text: str) -> str:
    """One line of running text: a backslash, and a dot or quote in front, would be a request."""
    safe = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{safe}" if safe.startswith((".", "'")) else safe


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tools.manpages FOLDER")
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    for file, page in pages().items():
        (target / file).write_text(page)
