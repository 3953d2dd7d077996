"""``sipedge csr``: which names does a certificate need, does it have them, and the request for one."""

from __future__ import annotations

import click

from sipedge.cli.arguments import FILE


@click.command()
@click.argument("configs", metavar="CONFIG...", nargs=-1, required=True, type=FILE)
@click.option("--request", metavar="FILE", help="Write the signing request of the one CONFIG; - is standard output.")
@click.option("--key", metavar="FILE", type=FILE, help="Sign with this key; made, as EC P-256, when it is not there.")
def command(configs: tuple[str, ...], request: str | None, key: str | None) -> int:
    """Say which names the certificate of each CONFIG needs, and from which key each comes.

    The certificates under [tls] need not be there yet; those that are there are compared.

    Exit status: 0 every certificate has all names, or the request is written, 1 a name or a certificate is missing,
    2 a file is broken.
    """
    from .csr_run import run

    return run(configs, request, key)
