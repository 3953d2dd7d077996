"""``sipedge console``: web pages beside a running edge."""

from __future__ import annotations

from importlib.util import find_spec

import click

from sipedge.cli.arguments import CONFIG

NEEDED = ("starlette", "uvicorn", "jinja2", "python_multipart")
"""The extra ``console``."""


@click.command()
@CONFIG
def command(config: str) -> int:
    """Serve the console of the edge that runs with CONFIG: its state, its history, its rules, as web pages and JSON.

    It is a process of its own, which reads the edge's file of decisions and asks its control socket; the edge never
    waits for it. [console] in CONFIG says where it listens and what it keeps.

    Exit status: 0 after SIGTERM or Ctrl-C, 2 when the configuration is broken or the port cannot be opened.
    """
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise click.UsageError(f"{missing[0]} is not installed: pip install 'sipedge[console]'")
    from .console_run import run

    return run(config)
