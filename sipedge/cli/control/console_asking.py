"""The edge asked through its console, from elsewhere: the lines of the control socket over HTTPS."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from ipaddress import ip_address
from types import TracebackType
from urllib.parse import urlsplit

import httpx

from sipedge.control.answers import Done, Item, read_line
from sipedge.control.channel.client import Unreachable
from sipedge.control.refusal import Refused
from sipedge.control.requests import Request, write_request

PATH = "/api/control"
CONNECT_LIMIT = 10.0
"""Seconds."""


class ConsoleAsking:
    """As ``Asking``, inside ``with``."""

    def __init__(self, url: str, seconds: float | None, token: str, ca: str | None) -> None:
        """``ca``: a file of those that vouch for the console; None for the system's. Raises Unreachable."""
        self._url = url.rstrip("/")
        _check(self._url)
        try:
            verify = ssl.create_default_context(cafile=ca)
        except OSError as error:
            raise Unreachable(f"{ca}: no CA can be read there: {error}") from None
        self._client = httpx.Client(
            verify=verify,
            timeout=httpx.Timeout(seconds, connect=CONNECT_LIMIT),
            headers={"Authorization": f"Bearer {token}"} if token else {},
            trust_env=False,
        )

    def __enter__(self) -> ConsoleAsking:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.close()

    def ask(self, request: Request) -> Iterator[Item | Done]:
        """The items, and last the end. Raises Refused, Unreachable."""
        try:
            response = self._client.post(self._url + PATH, content=write_request(request))
            if response.status_code != 200:
                raise _refused(response)
            for line in response.content.splitlines():
                answer = read_line(line)
                if isinstance(answer, Refused):
                    raise answer
                yield answer
        except httpx.HTTPError as error:
            raise Unreachable(f"{self._url}: no console answers there: {error}") from None
        except (ValueError, KeyError):
            raise Unreachable(f"{self._url}: what answers there is no console of sipedge") from None


def is_url(text: str) -> bool:
    return text.startswith(("http://", "https://"))


def _check(url: str) -> None:
    """A token is not sent in the clear. Raises Unreachable."""
    host = urlsplit(url).hostname or ""
    try:
        is_here = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        is_here = False
    if url.startswith("http://") and not is_here:
        raise Unreachable(f"{url}: a console elsewhere is asked by https:// only")


def _refused(response: httpx.Response) -> Refused:
    """Raises ValueError, KeyError for what no console says."""
    error = response.json()["error"]
    return Refused(int(error["code"]), str(error["sentence"]))
