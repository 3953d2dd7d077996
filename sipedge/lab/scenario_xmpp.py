"""XMPP federation in the lab: both edges as a pair, IM&P's server behind them, a partner's server in front."""

from __future__ import annotations

import asyncio
import shutil
import time

from . import layout
from .party import Party
from .scenario import Failed, Lab, Steps

ROMEO, JULIET, STRANGER = f"romeo@{layout.CISCO}", f"juliet@{layout.PARTNER}", f"iago@{layout.STRANGER}"
_PROGRAMS = {"prosody": "prosody prosody-modules lua-unbound", "haproxy": "haproxy"}


def missing() -> str:
    """Why XMPP is left out of the lab, and what to install; '' when all is there."""
    absent = [packages for program, packages in _PROGRAMS.items() if not _is_there(program)]
    return f"XMPP federation is left out: install {' '.join(absent)} (Debian)" if absent else ""


def _is_there(program: str) -> bool:
    return shutil.which(program) is not None or shutil.which(program, path="/usr/sbin") is not None


async def federation_up(lab: Lab, seconds: float = 30.0) -> None:
    """Ask again and again until a message gets through both edges. Raises TimeoutError when none does."""
    behind, partner = _parties(lab)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        since = lab.now
        await behind.ask("chat", user="romeo", to=JULIET, text="Anybody there?")
        event = await lab.recorder.wait(
            lambda event: event["event"] == "delivered" and event["method"].startswith("message "), since, seconds
        )
        if event["party"] == partner.name:
            return
        await asyncio.sleep(0.1)  # it bounced: the link between the edges tells nobody here when it is up
    raise TimeoutError("no XMPP message gets through both edges")


def _parties(lab: Lab) -> tuple[Party, Party]:
    assert lab.xmpp is not None
    return lab.xmpp


async def chat(lab: Lab) -> str:
    behind, partner = _parties(lab)
    for speaker, user, listener, to, text in (
        (behind, "romeo", partner, JULIET, "But soft! Ünd 😀"),
        (partner, "juliet", behind, ROMEO, "Ay me."),
    ):
        since = lab.now
        await speaker.ask("chat", user=user, to=to, text=text)
        event = await lab.delivered(since, listener, "message chat", text)
        sender = f"{user}@{layout.CISCO if speaker is behind else layout.PARTNER}"
        if event["sender"] != sender:
            raise Failed(f"the message came from {event['sender']}, not {sender}")
    return "a message each way, addresses unchanged"


async def presence(lab: Lab) -> str:
    behind, partner = _parties(lab)
    for watcher, user, watched, to in ((behind, "romeo", partner, JULIET), (partner, "juliet", behind, ROMEO)):
        since = lab.now
        await watcher.ask("subscribe", user=user, to=to)
        await lab.delivered(since, watcher, "presence subscribed")
        await watched.ask("status", show="dnd")
        await lab.delivered(since, watcher, "presence", "dnd")
    return "subscribed, then dnd, each way"


async def stranger(lab: Lab) -> str:
    since = lab.now
    behind, _ = _parties(lab)
    await behind.ask("chat", user="romeo", to=STRANGER, text="Anybody?")
    await lab.delivered(since, behind, "message error", "not-allowed")
    return "not-allowed: the domain is not on the allow list"


STEPS: Steps = {
    "XMPP chat, IM&P and partner": chat,
    "XMPP presence, IM&P and partner": presence,
    "XMPP to a domain that is not allowed": stranger,
}
