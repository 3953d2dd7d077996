"""The command line: ``sipedge COMMAND``.

A command is two files. NAME.py has the options and the help; it imports nothing heavy, because ``sipedge --help`` needs
all of them. NAME_run.py does the work, with its imports on top. Inside functions of this package nothing is imported
but the run half, by ``from .NAME_run import run``. More than three options travel as one frozen ``Options``, which is
imported with it. A command whose work is one call into another room (lab, lsp) has no NAME_run.py: it imports that
function instead. Nobody imports an options half.

Exit codes, the same everywhere: 0 good, 1 the answer is no (a finding of level error, different, no match, a failed
case), 2 the question could not be asked (the command line, a file that is broken or cannot be read; ``check`` is asked
about broken files, and answers 1), 130 interrupted. ``check`` has 3 where there are warnings only.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

from sipedge import __version__

from .colours import colourful
from .encoding import escape_what_cannot_be_shown

COMMANDS = {
    "run": "edge.run",
    "status": "control.status",
    "history": "control.history",
    "log": "control.log",
    "load": "control.changes.load",
    "confirm": "control.changes.confirm",
    "restart": "control.changes.restart",
    "probe": "control.changes.probe",
    "close": "control.changes.close",
    "check": "proof.check",
    "check-pattern": "plan.check_pattern",
    "diff": "proof.diff",
    "locate": "plan.locate",
    "test": "proof.test",
    "speakers": "proof.speakers",
    "fmt": "plan.fmt",
    "unmask": "plan.unmask",
    "import": "plan.importer",
    "expressway pull": "expressway.pull",
    "expressway drift": "expressway.drift",
    "expressway push": "expressway.push",
    "messages": "trace.messages",
    "replay": "replay.replay",
    "ladder": "trace.ladder",
    "anonymise": "trace.anonymise",
    "doctor": "doctor.doctor",
    "csr": "certificate.csr",
    "lsp": "edge.lsp",
    "lab": "edge.lab",
    "console": "edge.console",
    "account add": "account.add",
    "account password": "account.password",
    "account remove": "account.remove",
    "account list": "account.show",
    "audit": "account.audit",
}
"""Command -> options half in this folder, whose ``command`` it is. Two words: a command of a family."""
FAMILIES = {
    "expressway": "Read a live Expressway, watch it drift, and change its search rules in steps that are each proved.",
    "account": "Say who may use the console: auditor, operator or admin.",
}
"""First word -> what the family is for."""
LONGEST_SENTENCE = 500
"""Characters; nothing is cut."""
PLAIN = {"color": False}


GROUPS = {
    "Serve": ("run", "console", "lab"),
    "Ask a running edge": ("status", "history", "log", "load", "confirm", "restart", "probe", "close"),
    "Ask and write rules": ("locate", "check-pattern", "fmt", "lsp", "import"),
    "Judge a configuration": ("check", "test", "diff", "speakers", "csr"),
    "Beside a live Expressway": ("expressway pull", "expressway drift", "expressway push"),
    "Beside the console": ("account add", "account password", "account remove", "account list", "audit"),
    "Look at traffic and partners": ("messages", "ladder", "replay", "anonymise", "unmask", "doctor"),
}
"""The order of ``sipedge --help``; a command that no group names comes last."""


def _command(name: str) -> click.Command | None:
    if name not in COMMANDS:
        return None
    command = import_module(f"{__name__}.{COMMANDS[name]}").command
    assert isinstance(command, click.Command)
    return command


def _write_section(formatter: click.HelpFormatter, title: str, names: Sequence[str]) -> None:
    """Each command with its whole first sentence."""
    commands = [(name, _command(name)) for name in names]
    rows = [(name, command.get_short_help_str(LONGEST_SENTENCE)) for name, command in commands if command]
    if rows:
        with formatter.section(title):
            formatter.write_dl(rows)


class Family(click.Group):
    """The commands whose first word is its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name.split()[1] for name in COMMANDS if name.startswith(f"{self.name} ")]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return _command(f"{self.name} {cmd_name}")

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        _write_section(formatter, "Commands", [f"{self.name} {name}" for name in self.list_commands(ctx)])


class LazyGroup(click.Group):
    """Imports only the module of the command that was asked for, and says errors in one sentence."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(dict.fromkeys(name.split()[0] for name in COMMANDS))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in FAMILIES:
            return Family(cmd_name, help=FAMILIES[cmd_name])
        return _command(cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """By groups, each command with its whole first sentence."""
        grouped = [name for names in GROUPS.values() for name in names]
        groups = {**GROUPS, "Further": tuple(name for name in COMMANDS if name not in grouped)}
        for title, names in groups.items():
            _write_section(formatter, title, names)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Raises click.UsageError, with the command that was meant."""
        name, known = args[0], self.list_commands(ctx)
        if name not in known and not name.startswith("-"):
            near = get_close_matches(name, known, 1)
            meant = f"did you mean {near[0]}?" if near else "sipedge --help lists all"
            raise click.UsageError(f'there is no command "{name}": {meant}')
        return super().resolve_command(ctx, args)

    def main(self, *args: Any, **kwargs: Any) -> Any:
        escape_what_cannot_be_shown((sys.stdout, sys.stderr))
        try:
            status = super().main(*args, **{**kwargs, **({} if colourful() else PLAIN), "standalone_mode": False})
            if not sys.stdout.closed:  # lsp closes it at its end
                sys.stdout.flush()
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            sys.exit(error.exit_code)
        except click.ClickException as error:
            click.echo(f"sipedge: {error.format_message()}", err=True)
            sys.exit(error.exit_code)
        except click.Abort:
            sys.exit(130)
        except BrokenPipeError:  # nobody reads on
            _let_go_of_output()
            sys.exit(1)
        except OSError as error:  # the disk is full, a folder stands where a file should
            _let_go_of_output()
            where = f"{error.filename}: " if error.filename else ""
            click.echo(f"sipedge: {where}{error.strerror or error}", err=True)
            sys.exit(2)
        sys.exit(status if isinstance(status, int) else 0)


def _let_go_of_output() -> None:
    """What is left of standard output cannot be written, and Python would say so once more at its end."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        return


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="sipedge %(version)s")
def main() -> None:
    """A SIP federation edge: a TLS SIP proxy with zones and search rules."""
