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
from importlib import import_module
from typing import Any

import click

from sipedge import __version__

from .colours import colourful

COMMANDS = {
    "run": "edge.run",
    "check": "proof.check",
    "check-pattern": "plan.check_pattern",
    "diff": "proof.diff",
    "locate": "plan.locate",
    "test": "proof.test",
    "speakers": "proof.speakers",
    "fmt": "plan.fmt",
    "import": "plan.importer",
    "messages": "trace.messages",
    "replay": "trace.replay",
    "ladder": "trace.ladder",
    "anonymise": "trace.anonymise",
    "doctor": "doctor.doctor",
    "csr": "certificate.csr",
    "lsp": "edge.lsp",
    "lab": "edge.lab",
}
"""Command -> options half in this folder, whose ``command`` it is."""
LONGEST_SENTENCE = 500
"""Characters; nothing is cut."""
PLAIN = {"color": False}


GROUPS = {
    "Serve": ("run", "lab"),
    "Ask and write rules": ("locate", "check-pattern", "fmt", "lsp", "import"),
    "Judge a configuration": ("check", "test", "diff", "speakers", "csr"),
    "Look at traffic and partners": ("messages", "ladder", "replay", "anonymise", "doctor"),
}
"""The order of ``sipedge --help``; a command that no group names comes last."""


class LazyGroup(click.Group):
    """Imports only the module of the command that was asked for, and says errors in one sentence."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"{__name__}.{COMMANDS[cmd_name]}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """By groups, each command with its whole first sentence."""
        grouped = [name for names in GROUPS.values() for name in names]
        groups = {**GROUPS, "Further": tuple(name for name in COMMANDS if name not in grouped)}
        for title, names in groups.items():
            commands = [(name, self.get_command(ctx, name)) for name in names]
            rows = [(name, command.get_short_help_str(LONGEST_SENTENCE)) for name, command in commands if command]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def main(self, *args: Any, **kwargs: Any) -> Any:
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
