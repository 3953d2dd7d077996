"""``python -m sipedge``: the same as the command ``sipedge``."""

from sipedge.cli import main

main()
