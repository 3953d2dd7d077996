"""pjsip's one endpoint: start and end of the library, its pools, timers and transaction layer.

pjsip keeps its modules in static variables, so there is one endpoint in a process at a time.
"""

from __future__ import annotations

from . import logs
from .declarations import SUCCESS, Pointer, StackError, load

_NAME = b"sipedge"
"""Nothing that pjsip sends or logs here has it."""
_KEPT = 64 << 20
"""Bytes of released pools that the caching pool keeps for reuse."""
_THREAD = 4096
"""Bytes, more than a pj_thread_desc has."""
_LAID_OUT = 4096
"""Transactions that there is room for at first: for 40,000 it would be 2 MB, written in every worker as it starts. The
room for timers doubles by itself, and a table that holds more has several in a row."""
_NEVER = 1 << 30
"""Seconds that pjsip writes for "no timer" (PJ_MAXINT32) are above this."""


class Endpoint:
    """Everything that is there once. ``ffi`` and ``lib`` are cffi's; ``pointer`` is the pjsip_endpoint."""

    _exists = False

    def __init__(self, *, transactions: int, log_level: int) -> None:
        """``transactions``: how many may be held. Raises StackError."""
        if Endpoint._exists:
            raise StackError("there is a pjsip endpoint in this process already")
        self.ffi, self.lib = load()
        Endpoint._exists = True
        self._log = logs.bridge(log_level)
        self.check("pj_init", self.lib.pj_init())
        self._thread = self._named_shortly()
        self.check("pjlib_util_init", self.lib.pjlib_util_init())
        # A build whose struct is larger than declared must not write past it before the proof has run.
        self._memory = self.ffi.new("char[]", 65536)
        self.factory: Pointer = self.ffi.cast("void *", self._memory)
        self.lib.pj_caching_pool_init(self.factory, self.ffi.NULL, _KEPT)
        self.allow(min(transactions, _LAID_OUT))
        self.pointer = self._create()
        self.check("pjsip_tsx_layer_init_module", self.lib.pjsip_tsx_layer_init_module(self.pointer))
        self.allow(transactions)
        self.transport_manager: Pointer = self.lib.pjsip_endpt_get_tpmgr(self.pointer)
        self.timers: Pointer = self.lib.pjsip_endpt_get_timer_heap(self.pointer)
        self.lib.pj_timer_heap_set_lock(self.timers, self.ffi.NULL, 0)  # one thread needs none
        self._delay = self.ffi.new("pj_time_val *")

    def allow(self, transactions: int) -> None:
        """How many transactions may be held; the hash tables stay as they are."""
        self.lib.pjsip_sip_cfg_var.tsx.max_count = transactions

    def _named_shortly(self) -> Pointer:
        """Gives the memory of pjsip's record of this thread, to be kept.

        Each lock that is taken copies the thread's name, and a transaction takes 130 of them: 14,000 instructions for
        the name that pjsip gives.
        """
        memory = self.ffi.new("char[]", _THREAD)
        self.check("pj_thread_register", self.lib.pj_thread_register(b"e", memory, self.ffi.new("void **")))
        return memory

    def _create(self) -> Pointer:
        result = self.ffi.new("void **")
        status = self.lib.pjsip_endpt_create(self.factory, _NAME, result)
        self.check("pjsip_endpt_create", status)
        return result[0]

    def check(self, call: str, status: int) -> None:
        """Raises StackError when a call that cannot fail did."""
        if status != SUCCESS:
            raise StackError(f"pjsip's {call} failed with status {status}")

    def pool(self, name: bytes, size: int) -> Pointer:
        """A memory pool that grows in steps of ``size`` bytes."""
        return self.lib.pj_pool_create(self.factory, name, size, size, self.ffi.NULL)

    def pools(self) -> int:
        """How many pools are in use: every transaction, message and transport has one."""
        return int(self.ffi.cast("pj_caching_pool *", self.factory).used_count)

    def address(self, pointer: Pointer) -> int:
        """A pointer as a key of a dict."""
        return int(self.ffi.cast("uintptr_t", pointer))

    def fire_timers(self) -> float | None:
        """Fire every timer that is due; seconds until the next one, None when there is none.

        One call of pjsip's poll stops after 64 timers, and a timer that fires may start the next one at once (a
        finished transaction does): so until nothing fires.
        """
        poll, timers, delay = self.lib.pj_timer_heap_poll, self.timers, self._delay
        while poll(timers, delay):
            pass
        return seconds(delay.sec, delay.msec)

    def destroy(self) -> None:
        self.lib.pjsip_endpt_destroy(self.pointer)
        self.lib.pj_caching_pool_destroy(self.factory)
        logs.restore(self.lib, self.ffi)
        self.lib.pj_shutdown()
        Endpoint._exists = False


def seconds(whole: int, milliseconds: int) -> float | None:
    """pjsip's delay until the next timer; None when there is none."""
    delay = whole + milliseconds / 1000
    return None if delay > _NEVER else delay
