"""Where a running edge can be asked: the path of its control socket (``[edge] control``)."""

from __future__ import annotations

import os
from typing import Any

from .reading.files import in_folder_of
from .reading.reader import open_toml

SUFFIX = ".control"


def control_place(config: str, written: str | bool, secret: str) -> str:
    """``written``: the value of the key, '' where there is none, False for no socket. Then it is beside ``secret``."""
    if written is False:
        return ""
    return in_folder_of(config, str(written)) if written else os.path.splitext(secret)[0] + SUFFIX


def secret_place(config: str, written: str) -> str:
    """The file of the secret: the one that is named, else the one beside ``edge.toml``: ``edge.secret``."""
    return in_folder_of(config, written) if written else os.path.splitext(config)[0] + ".secret"


def read_control_place(config: str) -> str:
    """Of a configuration of which nothing else has to be right, or readable; '' for none. Raises ConfigError."""
    edge: Any = open_toml(config).data.get("edge")
    table = edge if isinstance(edge, dict) else {}
    written, secret = table.get("control", ""), table.get("secret_file", "")
    return control_place(config, written, secret_place(config, secret if isinstance(secret, str) else ""))
