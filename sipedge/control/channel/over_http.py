"""Asks a running edge through its console, in the words of the control socket."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType

import httpx

from sipedge.control.answers import Done, Item, read_line
from sipedge.control.refusal import Refused
from sipedge.control.requests import Request, write_request

from .client import Unreachable

PATH = "/api/control"
SCHEMES = ("http://", "https://")


class AskingOverHttp:
    """As ``Asking``; inside ``with``."""

    def __init__(self, address: str, token: str, seconds: float | None) -> None:
        """``address``: of the console. ``token``: that it made for a program; '' where nobody needs one."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._address = address.rstrip("/")
        self._client = httpx.Client(headers=headers, timeout=seconds)

    def __enter__(self) -> AskingOverHttp:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.close()

    def ask(self, request: Request) -> Iterator[Item | Done]:
        """The items, and last the end. Raises Refused, Unreachable."""
        try:
            answer = self._client.post(self._address + PATH, content=write_request(request))
            for line in answer.content.splitlines():
                read = read_line(line)
                if isinstance(read, Refused):
                    raise read
                yield read
        except httpx.HTTPError as error:
            raise Unreachable(f"{self._address}: {error or type(error).__name__}") from None
        except (ValueError, KeyError, TypeError):
            raise Unreachable(f"{self._address}: {answer.status_code}, and no answer of a console") from None
