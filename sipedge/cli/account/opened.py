"""What belongs to the console of a configuration, at hand for one command."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click

from sipedge.accounts.accounts import AccountError, Accounts
from sipedge.accounts.database import Database
from sipedge.accounts.passwords import PasswordError
from sipedge.audit.log import AuditLog
from sipedge.cli.printing import say
from sipedge.cli.problems import fail
from sipedge.config import ConfigError
from sipedge.config.console_table import read_console


@dataclass(frozen=True, slots=True)
class Console:
    accounts: Accounts
    audit: AuditLog

    def note(self, what: str, about: str) -> None:
        """In the audit log, as done by the user of this machine."""
        self.audit.add(f"{getpass.getuser()} (command line)", "", what, about)


@contextmanager
def opened(config: str) -> Iterator[Console]:
    """Ends with 1 for what cannot be done, with 2 for a file that cannot be used."""
    try:
        folder = read_console(config).console.folder
        yield Console(Accounts(Database(folder)), AuditLog(folder))
    except ConfigError as error:
        fail(error.problems)
    except (AccountError, PasswordError) as error:
        say(str(error))
        sys.exit(1)
    except OSError as error:
        raise click.UsageError(str(error)) from None


def new_password(file: str | None) -> str:
    """From the first line of a file, or asked for twice. Raises OSError."""
    if file is None:
        return str(click.prompt("New password", hide_input=True, confirmation_prompt=True))
    with open(file, encoding="utf-8") as stream:
        return stream.readline().rstrip("\r\n")
