"""One Expressway's REST API over HTTPS. ``Reader`` has GET and nothing else; only ``Writer`` can change a box.

Every answer is bounded in size and time, no redirect and no proxy is followed, and the box's certificate must lead to a
CA that is trusted here and carry the name that was given.
"""

from __future__ import annotations

import json
import logging
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import httpx

from sipedge.expressway.answers import Record
from sipedge.printable import escaped
from sipedge.sip.uri import split_host_port
from zones.addresses import canonical_address
from zones.names import host_name

ROOTS = ("/api/provisioning", "/api/v1/provisioning")
"""The first that answers is used: X14.2's guide has the second, older boxes the first."""
LARGEST = 16 * 1024 * 1024
"""Bytes of one answer."""
SECONDS = 60.0
"""For one whole answer."""
HEADERS = {"Accept": "application/json, */*", "Accept-Encoding": "identity", "X-CSRF-Header": "nocheck"}
"""X14.2 and later refuse requests of programs without the last, says a public client. What is packed nevertheless is
not unpacked: it could be of any size."""

logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs every request


class BoxError(Exception):
    """A box that does not do what was asked; ``str()`` is a sentence."""


@dataclass(frozen=True, slots=True)
class Account:
    """An administrator's, with access to the API."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes = field(repr=False)


class Reader:
    """A context manager. ``host``: HOST or HOST:PORT. ``trusted``: a file of CAs; None for those of the system."""

    def __init__(self, host: str, account: Account, trusted: str | None = None) -> None:
        if not _is_host(host):
            raise BoxError(f'"{escaped(host)}" is neither HOST nor HOST:PORT')
        self.host = host
        self._user = account.user
        try:
            context = ssl.create_default_context(cafile=trusted)
            self._client = httpx.Client(
                base_url=f"https://{host}",
                auth=httpx.BasicAuth(account.user.encode(), account.password.encode()),
                headers=HEADERS,
                verify=context,
                trust_env=False,
                timeout=SECONDS,
            )
        except (OSError, ssl.SSLError) as error:
            raise BoxError(f'"{trusted}" holds no certificates of CAs: {error}') from None
        self._root = ""

    @property
    def name(self) -> str:
        """The host without the port, in small letters."""
        return self._client.base_url.host

    @property
    def port(self) -> int:
        return self._client.base_url.port or 443

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.close()

    def records(self, path: str) -> list[Record] | None:
        """The objects at a path below the API's root; None where the box knows no such path. Raises BoxError."""
        reply = self._below_the_root(path)
        if reply.status == 404:
            return None
        what = f'"{self.host}": {self._root}/{path}'
        self._check(reply, what)
        try:
            found = json.loads(reply.body)
        except (ValueError, RecursionError):
            raise BoxError(f"{what} is no JSON") from None
        records = found if isinstance(found, list) else [found]
        if not all(isinstance(record, dict) for record in records):
            raise BoxError(f"{what} is no list of objects")
        return records

    def text(self, path: str) -> str | None:
        """The text at an absolute path; None where the box has none. Raises BoxError."""
        reply = self._ask("GET", path)
        if reply.status != 200:
            return None
        return reply.body.decode("utf-8", "replace")

    def text_below(self, path: str) -> str | None:
        """The text at a path below the API's root; None where the box has none. Raises BoxError."""
        reply = self._below_the_root(path)
        return reply.body.decode("utf-8", "replace") if reply.status == 200 else None

    def _below_the_root(self, path: str) -> Reply:
        roots = (self._root,) if self._root else ROOTS
        for root in roots:
            reply = self._ask("GET", f"{root}/{path}")
            if reply.status == 200:
                self._root = root
            if reply.status != 404:
                break
        return reply

    def _check(self, reply: Reply, what: str) -> None:
        if reply.status == 401:
            raise BoxError(f'"{self.host}" refuses the name or the password of "{self._user}" (401)')
        if reply.status == 403:
            raise BoxError(f'"{self.host}": "{self._user}" may not use the API (403): give the account API access')
        if not 200 <= reply.status < 300:
            said = escaped(reply.body[:200].decode("utf-8", "replace"))
            raise BoxError(f"{what} answers {reply.status}: {said}")

    def _ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Reply:
        deadline = time.monotonic() + SECONDS
        try:
            with self._client.stream(method, path, json=body) as answer:
                received = bytearray()
                for data in answer.iter_raw():
                    received += data
                    if len(received) > LARGEST:
                        raise BoxError(f'"{self.host}" sends more than {LARGEST} bytes for {path}')
                    if time.monotonic() > deadline:
                        raise BoxError(f'"{self.host}" gave no whole answer for {path} in {SECONDS:g} s')
                return Reply(answer.status_code, bytes(received))
        except httpx.TimeoutException:
            raise BoxError(f'"{self.host}" gave no answer for {path} in {SECONDS:g} s') from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            hint = "; name its CA with --ca" if "CERTIFICATE_VERIFY_FAILED" in str(error) else ""
            raise BoxError(f'"{self.host}" cannot be reached: {escaped(str(error))}{hint}') from None


def _is_host(text: str) -> bool:
    try:
        name, _ = split_host_port(text)
    except ValueError:
        return False
    return bool(canonical_address(name) or host_name(name))


class Writer(Reader):
    """A reader that can also change search rules."""

    def create(self, path: str, body: Record) -> None:
        """Raises BoxError, as the two below."""
        self._change("POST", path, body)

    def update(self, path: str, body: Record) -> None:
        self._change("PUT", path, body)

    def delete(self, path: str, name: str) -> None:
        self._change("DELETE", path, {"Name": name})

    def _change(self, method: str, path: str, body: Record) -> None:
        if not self._root:
            raise BoxError(f'"{self.host}" was not read before it was to be written')
        where = f"{self._root}/{path}"
        self._check(self._ask(method, where, body), f'"{self.host}": {method} {where}')
