"""oidc-provider, a certified OpenID provider for Node, which demands PKCE; over TLS on loopback, as a child process.

Its versions are pinned in ``tests/data/oidc_provider``. What it is told there makes it go wrong.
"""

from __future__ import annotations

import json
import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
from support.oidc_provider import USERS
from support.paths import ROOT
from support.third_party import require

SOURCES = ROOT / "tests/data/oidc_provider"
STEPS = 10
"""Redirects and forms of one log-in, at most."""


def installed(folder: Path) -> Path:
    """The provider's script in ``folder``, with what it needs."""
    npm = require("npm")
    shutil.copytree(SOURCES, folder, dirs_exist_ok=True)
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    subprocess.run([npm, "ci", *quiet], cwd=folder, check=True, capture_output=True, timeout=100)
    return folder / "provider.mjs"


class StrictProvider:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.issuer = f"https://localhost:{self._said()}"

    def tell(self, **words: Any) -> None:
        """``clock``, ``keys``, ``claims``: see provider.mjs."""
        assert self._process.stdin
        self._process.stdin.write(f"{json.dumps(words)}\n")
        self._process.stdin.flush()
        assert self._said() == "done"

    def end(self) -> None:
        self._process.kill()
        self._process.communicate(timeout=10)

    def log_in(self, way: str, subject: str, ca: Path, until: str) -> str:
        """What a browser does there: the address that begins with ``until``, where it is sent at last."""
        context = ssl.create_default_context(cafile=ca)
        with httpx.Client(verify=context, trust_env=False) as outside:
            answer = outside.get(way)
            for _ in range(STEPS):
                place = answer.headers.get("location")
                if place and place.startswith(until):
                    return str(place)
                if place:
                    answer = outside.get(urljoin(str(answer.url), place))
                else:
                    answer = outside.post(_form(answer), data=_filled_in(answer.text, subject))
        raise AssertionError(f"the provider sends nobody back: {answer.status_code} {answer.text}")

    def _said(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()


def _form(page: httpx.Response) -> str:
    found = re.search(r'<form[^>]* action="([^"]+)"', page.text)
    assert found, page.text
    return urljoin(str(page.url), found[1])


def _filled_in(text: str, subject: str) -> dict[str, str]:
    """The page asks who it is, then whether he agrees."""
    return {"prompt": "login", "login": subject, "password": "x"} if 'name="login"' in text else {"prompt": "consent"}


@contextmanager
def strict_provider(script: Path, certificate: Path, key: Path, redirect: str) -> Iterator[StrictProvider]:
    """``certificate``: for localhost; ``redirect``: the address that the console has people come back to."""
    process = subprocess.Popen(
        ["node", script, certificate, key, json.dumps(USERS), redirect],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    made = StrictProvider(process)
    try:
        yield made
    finally:
        made.end()
