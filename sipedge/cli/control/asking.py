"""How every command here finds the edge, asks it, and says what it was told instead of an answer."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import click

from sipedge.cli.arguments import TOKEN, kept
from sipedge.cli.printing import print_json, say
from sipedge.cli.problems import fail, print_problems
from sipedge.config import ConfigError
from sipedge.config.control_place import read_control_place
from sipedge.control.answers import Done
from sipedge.control.channel.client import Asking, Unreachable
from sipedge.control.refusal import Refused
from sipedge.control.requests import Request

from .console_asking import ConsoleAsking, is_url

PATIENCE = 150.0
"""Seconds for an answer: reading a configuration may take 60 of them, and another load may come first."""


def ask(config: str, request: Request, as_json: bool = False) -> tuple[list[Any], Any]:
    """(the items, the value of the end). Ends with 1 where the edge refuses, with 2 where nobody answers."""
    items: list[Any] = []
    with refusals(as_json), connection(config, PATIENCE) as asking:
        for answer in asking.ask(request):
            if isinstance(answer, Done):
                return items, answer.value
            items.append(answer.value)
    raise AssertionError("an answer has an end")


@contextmanager
def connection(config: str, seconds: float | None) -> Iterator[Asking | ConsoleAsking]:
    """``config``: a configuration, the control socket itself, or the address of a console. ``seconds``: see Asking."""
    try:
        if is_url(config):
            with ConsoleAsking(config, seconds, _token(), kept("ca")) as asking_there:
                yield asking_there
        else:
            with Asking(_place_of(config), seconds) as asking:
                yield asking
    except Unreachable as error:
        raise click.UsageError(str(error)) from None


@contextmanager
def refusals(as_json: bool = False) -> Iterator[None]:
    """The end of the command, where the edge says no."""
    try:
        yield
    except Refused as refused:
        _tell(refused, as_json)


def _tell(refused: Refused, as_json: bool) -> NoReturn:
    if as_json:
        problems = [str(problem) for problem in refused.problems]
        print_json({"error": {"code": refused.code, "sentence": refused.sentence, "problems": problems}})
    elif refused.problems:
        print_problems(refused.problems)
        say("nothing has changed in the edge")
    else:
        say(refused.sentence)
    sys.exit(1)


def _token() -> str:
    """Ends with 2 where the file cannot be read."""
    file = kept("token_file")
    if file is None:
        return os.environ.get(TOKEN, "")
    try:
        with open(file, encoding="utf-8") as stream:
            return stream.readline().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{file}: no token can be read there: {error}") from None


def _place_of(config: str) -> str:
    if is_socket(config):
        return config
    try:
        place = read_control_place(config)
    except ConfigError as error:
        fail(error.problems)
    if not place:
        raise click.UsageError(f"{config}: control = false, so nobody can ask this edge")
    return place


def is_socket(path: str) -> bool:
    try:
        return stat.S_ISSOCK(os.stat(path).st_mode)
    except OSError:
        return False
