"""One of the two Prosody processes with its folder: brought to what is wanted by a start, a SIGHUP or a restart."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import Any

from sipedge.servers.engine import Engine
from sipedge.servers.folder import owner_for, write_folder
from sipedge.settings import Xmpp

from .contents import Contents, folder_of
from .events import Events
from .prosody import CONFIG, USER
from .question import question

logger = logging.getLogger("sipedge.xmpp")

QUESTION_PORTS = {"outside": 1, "inside": 2}
"""Beyond the link's port."""


class Side:
    """``outside`` or ``inside``. Lives in the event loop."""

    def __init__(self, name: str, token: str) -> None:
        self.name = name
        self.answer: Mapping[str, Any] = {}
        """What the process last said of itself; empty while it does not answer."""
        self._token = token
        self._events = Events(name, token)
        self._engine: Engine | None = None
        self._started: dict[str, bytes] = {}
        """Files that were read at the last start."""
        self._state = ("", "")
        """Revision and start of what was written last."""
        self._place = ("", 0)

    @property
    def is_started(self) -> bool:
        return self._engine is not None

    @property
    def is_current(self) -> bool:
        """Whether the process has said that it has the files that were written last."""
        return (self.answer.get("revision"), self.answer.get("start")) == self._state

    @property
    def restarts(self) -> int:
        return self._engine.restarts if self._engine is not None else 0

    @property
    def pid(self) -> int:
        return self._engine.pid if self._engine is not None else 0

    def needs_restart(self, contents: Contents) -> bool:
        return self._engine is not None and contents.only(reloaded=False) != self._started

    def start(self, program: str, xmpp: Xmpp, contents: Contents) -> None:
        """Write everything and start the process, or start it anew. Raises OSError."""
        folder = folder_of(xmpp, self.name)
        write_folder(folder, contents.files, owner_for(USER))
        self._started, self._state = contents.only(reloaded=False), (contents.revision, contents.start)
        self._place = (xmpp.link_address, xmpp.link_port + QUESTION_PORTS[self.name])
        if self._engine is not None:
            self._engine.restart()
            return
        self._engine = Engine(
            f"Prosody ({self.name})",
            [program, "-F", "--config", os.path.join(folder, CONFIG)],
            owner_for(USER),
            on_line=self._events.line,
            ask=self._ask,
            on_change=self._changed,
        )

    def reload(self, xmpp: Xmpp, contents: Contents) -> None:
        """Write what a running process reads again, and have it do so. Raises OSError."""
        write_folder(folder_of(xmpp, self.name), contents.only(reloaded=True), owner_for(USER))
        revision, start = self._state
        if self._engine is not None and revision != contents.revision:
            self._state = (contents.revision, start)
            self._engine.reload()

    async def aclose(self) -> None:
        if self._engine is not None:
            await self._engine.aclose()
        self._engine = None

    async def _ask(self) -> None:
        self.answer = await question(*self._place, self._token)

    def _changed(self) -> None:
        if self._engine is None or not self._engine.answers:
            self.answer = {}
