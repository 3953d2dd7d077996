"""Programs of others that tests put in the way: skipped with a reason where they are missing, a failure in CI."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

PACKAGES = {
    "kamailio": "kamailio kamailio-tls-modules",
    "sipp": "sip-tester",
    "tshark": "tshark",
    "openssl": "openssl",
}
"""Program -> Debian packages."""


def require(program: str) -> Path:
    """The program's path. Without it the test is skipped, or fails where the environment has ``CI=true``."""
    found = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if found:
        return Path(found)
    reason = f"{program} is not installed (Debian: apt-get install {PACKAGES.get(program, program)})"
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
