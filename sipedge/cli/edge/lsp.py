"""``sipedge lsp``: the language server for dial plans."""

from __future__ import annotations

import click


@click.command()
def command() -> int:
    """Speak the language server protocol on standard input and output; editors start this."""
    from sipedge.lsp.server import serve

    serve()
    return 0
