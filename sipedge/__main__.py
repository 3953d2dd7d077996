"""``python -m sipedge``: the same as the command ``sipedge``."""

from .cli import main

main()
