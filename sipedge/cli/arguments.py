"""Arguments and options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

FILE = click.Path(dir_okay=False)
TOKEN = "SIPEDGE_TOKEN"
"""The environment variable with a token of the console."""
CONFIG = click.argument("config", type=FILE)
PLAN = click.argument("config", metavar="CONFIG", type=FILE)
"""A configuration or a dial plan."""
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
TRACES = click.argument("traces", metavar="TRACE...", nargs=-1, required=True, type=click.Path())
KEYLOG = click.option(
    "--keylog",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="TLS secrets (NSS key log) for captures; tshark must be installed.",
)
NAMES = click.option(
    "--name", "names", metavar="HOST=ADDR", multiple=True, help="An address of a peer that CONFIG has by name."
)
NEW_PASSWORD = click.option(
    "--password-file",
    metavar="FILE",
    type=FILE,
    help="The new password on the first line; without it you are asked.",
)
HOSTS = click.argument("hosts", metavar="HOST...", nargs=-1, required=True)
DUMP = click.option(
    "--dump", metavar="FILE", type=FILE, help="What the box prints for xConfiguration, for what the API does not give."
)


def edge(command: Callable[..., int]) -> Callable[..., int]:
    """Which running edge: ``config``, its configuration, its control socket, or the address of its console (--at)."""
    return click.argument("config", metavar="[CONFIG]", default="", type=FILE, callback=_edge)(_from_elsewhere(command))


def edge_and(metavar: str, kind: click.ParamType[Any]) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """``asked``: (which running edge, as by ``edge``; what it is asked about). With --at the latter stands alone."""

    def split(ctx: click.Context, param: click.Parameter, words: tuple[str, ...]) -> tuple[str, Any]:
        at = ctx.meta.get(f"{__name__}.at")
        if len(words) != (1 if at else 2):
            raise click.UsageError(f"say which edge and which {metavar}: CONFIG {metavar}, or {metavar} --at URL")
        return _edge(ctx, param, "" if at else words[0]), kind.convert(words[-1], param, ctx)

    def made(command: Callable[..., int]) -> Callable[..., int]:
        argument = click.argument("asked", metavar=f"[CONFIG] {metavar}", nargs=-1, type=FILE, callback=split)
        return argument(_from_elsewhere(command))

    return made


def _from_elsewhere(command: Callable[..., int]) -> Callable[..., int]:
    for name, metavar, kind, text in (
        ("--ca", "FILE", FILE, "With --at: CAs that vouch for the console; without it, those of the system."),
        ("--token-file", "FILE", FILE, f"With --at: a token on the first line; without it, ${TOKEN} is taken."),
        ("--at", "URL", str, "Ask the console there instead, from any machine."),
    ):
        command = click.option(
            name, metavar=metavar, type=kind, help=text, callback=_keep, expose_value=False, is_eager=True
        )(command)
    return command


def kept(name: str) -> str | None:
    """``ca`` or ``token_file`` of the command that runs."""
    value = click.get_current_context().meta.get(f"{__name__}.{name}")
    assert value is None or isinstance(value, str)
    return value


def _keep(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    ctx.meta[f"{__name__}.{param.name}"] = value


def _edge(ctx: click.Context, param: click.Parameter, value: str) -> str:
    at: str | None = ctx.meta.get(f"{__name__}.at")
    if bool(value) == bool(at) and not ctx.resilient_parsing:
        raise click.UsageError("say which edge: either CONFIG, or --at URL")
    if at is not None and not at.startswith(("http://", "https://")):
        raise click.BadParameter(f'"{at}" is no address such as https://edge.example.com:8443/', ctx, param_hint="--at")
    return value or at or ""


def filters(command: Callable[..., int]) -> Callable[..., int]:
    """The four demands on dialogs: ``call_id``, ``user``, ``method`` and ``status``; '' demands nothing."""
    for name, metavar, text in (
        ("--status", "STATUS", "Dialogs with such an answer: 504, 5xx."),
        ("--method", "METHOD", "Dialogs with a request of this method."),
        ("--user", "TEXT", "Dialogs with TEXT in From, To or a Request-URI."),
        ("--call-id", "TEXT", "Dialogs whose Call-ID holds TEXT."),
    ):
        command = click.option(name, default="", metavar=metavar, help=text)(command)
    return command


def box_account(command: Callable[..., int]) -> Callable[..., int]:
    """How a box is asked: ``user``, ``password_file`` and ``ca``."""
    for name, default, metavar, text in (
        ("--ca", None, "FILE", "CAs that vouch for the box; without it, those of the system."),
        ("--password-file", None, "FILE", "The password on the first line; without it you are asked."),
        ("--user", "admin", "NAME", "An administrator with access to the API."),
    ):
        command = click.option(name, default=default, metavar=metavar, help=text, show_default=default is not None)(
            command
        )
    return command
