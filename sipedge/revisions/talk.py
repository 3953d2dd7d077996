"""What applying a revision asks of the running edge, over its control socket. It blocks."""

from __future__ import annotations

from typing import Any

from sipedge.config import ConfigError
from sipedge.config.control_place import read_control_place
from sipedge.control.answers import Done
from sipedge.control.channel.client import Asking, Unreachable
from sipedge.control.refusal import UNAVAILABLE, UNPROCESSABLE, Refused
from sipedge.control.requests import FAIL_MORE, Confirm, Load, Request, Status
from sipedge.control.values import ConfirmedJson, LoadedJson, StatusJson

PATIENCE = 150.0
"""Seconds for an answer: reading a configuration may take 60 of them, and another load may come first."""


class Talk:
    """Every method raises Refused: what the edge says, or 503 where it cannot be reached."""

    def __init__(self, place: str) -> None:
        """``place``: the path of the control socket."""
        self._place = place

    def status(self) -> StatusJson:
        """Without the connections."""
        status: StatusJson = self._ask(Status())
        return status

    def load(self, expect: str, revision: str, confirm_within: float, fail_more: float = FAIL_MORE) -> LoadedJson:
        loaded: LoadedJson = self._ask(Load(expect, revision, confirm_within, fail_more))
        return loaded

    def confirm(self) -> ConfirmedJson:
        confirmed: ConfirmedJson = self._ask(Confirm())
        return confirmed

    def _ask(self, request: Request) -> Any:
        try:
            with Asking(self._place, PATIENCE) as asking:
                *_, last = asking.ask(request)
        except Unreachable as error:
            raise Refused(UNAVAILABLE, str(error)) from None
        assert isinstance(last, Done)
        return last.value


def talk_with(config: str) -> Talk:
    """``config``: the path of ``edge.toml``. Raises Refused where it names no control socket."""
    try:
        place = read_control_place(config)
    except ConfigError as error:
        raise Refused(UNPROCESSABLE, f"{config} has mistakes", error.problems) from None
    if not place:
        raise Refused(UNAVAILABLE, f"{config}: control = false, so nobody can ask this edge")
    return Talk(place)
