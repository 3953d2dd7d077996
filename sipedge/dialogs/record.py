"""A call as one line of the journal, and back."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

from sipedge.decision.installation import Installation

from . import sessions
from .dialog import Dialog, Leg
from .states import DialogState

PATIENCE = 40.0
"""Seconds for an ACK or the answer to a BYE: 64*T1 and what a repeated one takes."""
RINGING = 7200.0
"""Seconds after which an INVITE without a final response counts for nothing, whatever has become of it."""
RESUMING = 2.0
"""Seconds after a start in which ways to peers are found."""
_OF_THE_MOMENT = {"refresh_at", "expires_at", "reliable", "early", "challenges", "proofs"}
_LEG = [entry.name for entry in fields(Leg) if entry.name not in _OF_THE_MOMENT]


def to_bytes(dialog: Dialog) -> bytes:
    """One line without its end."""
    record = {
        "near": _of_leg(dialog.near),
        "far": _of_leg(dialog.far),
        "caller": dialog.caller,
        "callee": dialog.callee,
        "state": dialog.state.value,
    }
    return json.dumps(record, separators=(",", ":")).encode()


def from_bytes(data: bytes) -> Dialog | None:
    """None for what is no record of this version."""
    try:
        record: dict[str, Any] = json.loads(data)
        near, far = (_to_leg(record[name]) for name in ("near", "far"))
        return Dialog(near, far, record["caller"], record["callee"], DialogState(record["state"]))
    except (ValueError, KeyError, TypeError):
        return None


def restored(data: bytes, installation: Installation) -> Dialog | None:
    """None also where one of its zones is gone. Whose peers are strangers may have changed."""
    dialog = from_bytes(data)
    if dialog is None:
        return None
    for leg in (dialog.near, dialog.far):
        if installation.zones.get(leg.zone) is None:
            return None
        leg.side = installation.side(leg.zone)
    dialog.is_kept = True
    return dialog


def resume(dialog: Dialog, now: float, share: float) -> None:
    """What was under way before a restart has no transaction any more. ``share``: see ``sessions.resume``."""
    if dialog.state is DialogState.ANSWERED:
        dialog.patience = now + PATIENCE
    elif dialog.state is DialogState.ENDING:  # who has got no BYE gets one, who has sent it says 481
        dialog.state, dialog.patience = DialogState.TALKING, now + RESUMING
    for leg in (dialog.near, dialog.far):
        sessions.resume(leg, now + RESUMING, share)


def _of_leg(leg: Leg) -> dict[str, Any]:
    return {name: getattr(leg, name) for name in _LEG}


def _to_leg(record: dict[str, Any]) -> Leg:
    """Raises TypeError for fields that are missing, or that nobody knows."""
    leg = Leg(**record)
    leg.routes = tuple(leg.routes)
    leg.invite, leg.refer = (leg.invite[0], leg.invite[1]), (leg.refer[0], leg.refer[1])
    return leg
