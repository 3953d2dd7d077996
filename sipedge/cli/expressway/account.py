"""How a box is asked, from the options that all commands have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import click

from sipedge.cli.files import read_text
from sipedge.expressway.box.client import Account, BoxError
from sipedge.expressway.box.cluster import Peers, ReaderT, peers_among
from sipedge.printable import escaped


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxOptions:
    hosts: tuple[str, ...]
    user: str
    password_file: str | None
    ca: str | None


@contextmanager
def peers(options: BoxOptions, kind: type[ReaderT]) -> Iterator[Peers[ReaderT]]:
    """The boxes, open; what is wrong with one of them, here or in the body, ends the command with status 2."""
    account = _account(options)
    try:
        with ExitStack() as stack:
            readers = [kind(host, account, options.ca) for host in _distinct(options.hosts)]
            for reader in readers:
                stack.enter_context(reader)
            yield peers_among(readers)
    except BoxError as error:
        raise click.UsageError(escaped(str(error))) from None


def _account(options: BoxOptions) -> Account:
    if options.password_file is None:
        return Account(options.user, click.prompt(f"Password of {options.user}", hide_input=True, err=True))
    lines = read_text(options.password_file).splitlines()
    if not lines or not lines[0]:
        raise click.UsageError(f'"{options.password_file}" has no password on its first line')
    return Account(options.user, lines[0])


def _distinct(hosts: Sequence[str]) -> Sequence[str]:
    twice = [host for host in dict.fromkeys(hosts) if hosts.count(host) > 1]
    if twice:
        raise click.UsageError(f'"{twice[0]}" is named twice')
    return hosts
