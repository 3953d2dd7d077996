"""What systemd wants to know (sd_notify(3)): a datagram for each change of state, and signs of life."""

from __future__ import annotations

import os
import socket
import time

READY = "READY=1"
STOPPING = "STOPPING=1"
WATCHDOG = "WATCHDOG=1"
INTERVAL = 1.0
"""Seconds between two signs of life: the system queues ten datagrams (net.unix.max_dgram_qlen), changes among them."""
MOST_UNSENT = 10
"""Changes of state that wait for room there."""


def reloading() -> str:
    """With the time, by which systemd knows an answer to its own SIGHUP from an older one."""
    return f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}"


class Manager:
    """Who started the edge and wants to know of it (NOTIFY_SOCKET), if anybody. Nothing waits for him."""

    def __init__(self) -> None:
        self._unsent: list[str] = []
        self._next_sign = float("-inf")

    def tell(self, state: str) -> None:
        """It arrives once there is room for it, after those before it."""
        self._unsent = [*self._unsent, state][-MOST_UNSENT:]
        self._flush()

    def sign(self) -> None:
        """Say that the supervisor is alive, if the last time is long enough ago; to be called again and again."""
        self._flush()
        if not self._unsent and time.monotonic() >= self._next_sign and _sent(WATCHDOG):
            self._next_sign = time.monotonic() + INTERVAL

    def _flush(self) -> None:
        while self._unsent and _sent(self._unsent[0]):
            del self._unsent[0]


def _sent(state: str) -> bool:
    """False: there is no room for it now."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return True
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sending:
        try:
            sending.sendto(state.encode(), socket.MSG_DONTWAIT, address)
        except BlockingIOError:
            return False
        except OSError:
            pass  # a manager that is gone is no reason to stop
    return True
