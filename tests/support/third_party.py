"""What others made and tests need: programs, and published data beside the clone.

Where something is missing, the test is skipped with a reason, or fails in an environment with ``CI=true``.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

from .paths import ROOT

PACKAGES = {
    "kamailio": "kamailio kamailio-tls-modules",
    "sipp": "sip-tester",
    "baresip": "baresip-core",
    "tshark": "tshark",
    "openssl": "openssl",
    "prosody": "prosody prosody-modules lua-unbound",
    "luac5.4": "lua5.4",
    "lua5.4": "lua5.4",
    "ejabberdctl": "ejabberd",
    "haproxy": "haproxy",
    "turnserver": "coturn",
    "turnutils_uclient": "coturn",
    "npm": "npm",
    "chromium": "chromium",
}
"""Program -> Debian packages."""
SHARED = ROOT.parent / "shared"
"""Published data that is not ours to copy; not everybody has it."""


def require(program: str) -> Path:
    """The program's path."""
    found = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not found:
        missing(f"{program} is not installed (Debian: apt-get install {PACKAGES.get(program, program)})")
    return Path(found)


def require_shared(path: str) -> Path:
    """The file or folder of that name in ``../shared``."""
    found = SHARED / path
    if not found.exists():
        missing(f"../shared/{path} is not there: it was published by others and is not copied into tests/data")
    return found


def missing(reason: str) -> NoReturn:
    """Skip the test, or fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
