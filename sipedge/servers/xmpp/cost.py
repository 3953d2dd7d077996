"""What a configuration costs where another one is in force: which process is restarted, and what changes without that.

Both are compared as the files that the processes read, so it is what will happen, not what a list of keys says.
"""

from __future__ import annotations

import os

from sipedge.settings import BY_HAND, Settings, Xmpp

from .contents import RELOADED, comparable, contents_of, folder_of, sides_of
from .prosody import CONFIG, ONCE, Secrets

_MADE_UP = Secrets(ONCE, ONCE, ONCE)


def costs(settings: Settings, xmpp: Xmpp) -> list[str]:
    """A sentence for each thing that follows, none where nothing is different. Raises OSError.

    Compares with what the processes of this folder were given last; '' in its place where there is nothing.
    """
    restarted, changed = [], False
    for side in sides_of(xmpp):
        wanted, folder = contents_of(side, settings, xmpp, _MADE_UP).files, folder_of(xmpp, side)
        given = {name: _given(os.path.join(folder, name)) for name in wanted}
        different = {name for name in wanted if comparable(wanted[name]) != comparable(given[name])}
        changed |= bool(different & RELOADED)
        if different - RELOADED:
            restarted.append(side)
    sentences = []
    if changed:
        sentences.append(
            "XMPP federation: lists, routes, demands on certificates or certificates change without a restart; "
            "only streams of domains that are no longer allowed are closed"
        )
    if restarted:
        who = f"{restarted[0]} process is" if len(restarted) == 1 else "outside and inside processes are"
        sentences.append(f"XMPP federation: the {who} restarted {when(xmpp)}, and federation is away for seconds")
    return sentences


def when(xmpp: Xmpp) -> str:
    """Changes that need a restart take effect: ``now``, ``at 03:00 UTC``, ``by hand``."""
    if xmpp.restart_time == BY_HAND:
        return 'by hand ("sipedge restart")'
    return f"at {xmpp.restart_time} UTC" if xmpp.restart_time else "now"


def is_there(xmpp: Xmpp) -> bool:
    """Whether an edge has run with this folder. Raises OSError when that cannot be seen."""
    try:
        os.stat(os.path.join(folder_of(xmpp, sides_of(xmpp)[0]), CONFIG))
    except FileNotFoundError:
        return False
    return True


def _given(path: str) -> bytes:
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except FileNotFoundError:
        return b""
