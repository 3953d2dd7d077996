"""What systemd wants to know (sd_notify(3)): a datagram for each change of state, and signs of life."""

from __future__ import annotations

import os
import socket
import time

READY = "READY=1"
STOPPING = "STOPPING=1"
WATCHDOG = "WATCHDOG=1"


def reloading() -> str:
    """With the time, by which systemd knows an answer to its own SIGHUP from an older one."""
    return f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}"


def notify(state: str) -> None:
    """Nothing happens where nobody asked for it (NOTIFY_SOCKET), and nothing waits for whoever did."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sending:
        try:
            sending.sendto(state.encode(), socket.MSG_DONTWAIT, address)
        except OSError:
            pass  # a manager that is gone or does not read is no reason to stop
