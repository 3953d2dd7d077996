"""The sequences of calls.py in C: the same steps, the same answers, a fraction of the time. A handle is an address.

What is rare stays with the cffi side: setting up, errors in a message, and what pjsip sends or ends by itself.
"""

from __future__ import annotations

from sipedge.sip.message import Message

from . import declarations
from .callbacks import SEND, STATE, Callbacks
from .calls import Calls
from .declarations import StackError
from .endpoint import Endpoint, seconds
from .native import sequences
from .outgoing import Outgoing
from .reception import Malformed, Reception
from .transport import Transport

_UNREADABLE, _INCOMPLETE = 5, 6
"""native/sequences.h goes on from the numbers of calls.py."""


class NativeCalls(Calls):
    """See Calls."""

    def __init__(self, endpoint: Endpoint, reception: Reception, outgoing: Outgoing, callbacks: Callbacks) -> None:
        """Raises library.Unusable."""
        super().__init__(endpoint, reception, outgoing, callbacks)
        self._native = sequences.load(declarations.DECLARATIONS)
        ffi, lib = self._ffi, self._lib
        self._setup = setup = ffi.new("struct sipedge_setup *")
        for name, _ in ffi.typeof("struct sipedge_setup").fields:
            if name.startswith("pj"):
                setattr(setup, name, ffi.addressof(lib, name))
        setup.endpoint, setup.timers = endpoint.pointer, endpoint.timers
        setup.quiet, setup.listener = callbacks.quiet, callbacks.listener
        self._operations = callbacks.operations  # cffi frees a callback that nobody holds
        setup.send, setup.ended = callbacks.operations[0], callbacks.changed
        outgoing.tell(setup)
        send, state = self._begin()
        self.table = self._native.table()
        callbacks.operations = (ffi.cast(SEND, send), *callbacks.operations[1:])
        callbacks.listener.on_tsx_state = ffi.cast(STATE, state)

    def _begin(self) -> tuple[int, int]:
        """Addresses of the C side's callbacks."""
        self._reception.tell(self._setup)
        return self._native.begin(self._endpoint.address(self._setup), StackError)

    def resize(self, max_message: int) -> None:
        super().resize(max_message)
        self._begin()

    def prepare(self, transport: Transport) -> None:
        super().prepare(transport)
        ffi = self._ffi
        parts = transport.received, transport.who, transport.peer
        text = ffi.new("char[]", b"".join(parts))  # one piece: three take 300 bytes more
        source = ffi.new("struct sipedge_source *")
        source.transport, source.port = transport.pointer, transport.port
        source.start, source.who, source.who_length = text, text + len(parts[0]), len(parts[1])
        source.address.ptr, source.address.slen = source.who + len(parts[1]), len(parts[2])
        transport.source, transport.kept = self._endpoint.address(source), (source, text)

    def request(self, source: Transport, message: Message) -> int:
        numbers, start = self._reception.select(message)
        kind = self._native.request(source.source, message.lines, numbers, start, message.method)
        if kind >= _UNREADABLE:
            raise self._error(kind, message)
        return kind

    def key(self) -> bytes:
        return self._native.key()

    def open(self, is_invite: bool) -> int:
        return self._native.open(is_invite)

    def response(self, source: Transport, message: Message) -> tuple[str, str]:
        numbers, start = self._reception.select(message)
        read = self._native.response(source.source, message.lines, numbers, start)
        if isinstance(read, int):
            raise self._error(read, message)
        return read

    def _error(self, kind: int, message: Message) -> Malformed:
        return Malformed("header section") if kind == _INCOMPLETE else self._reception.error(message)

    def distribute(self) -> bool:
        return self._native.distribute()

    def deliver(self, handle: int, is_final: bool, ack: bytes, connection: int) -> None:
        if ack:
            self._callbacks.distribute(lambda: self._native.deliver(handle, is_final), ack, connection)
        else:
            self._native.deliver(handle, is_final)

    def forward(self, method: bytes, branch: bytes, target: Transport) -> int | None:
        return self._native.forward(method, branch, target.source)

    def respond(self, handle: int, status: int, data: bytes) -> None:
        self._native.respond(handle, status >= 200, data)

    def accept(self, handle: int, status: int) -> None:
        self._native.accept(handle, status)

    def end(self, handle: int) -> None:
        self._native.end(handle)

    def poll(self) -> float | None:
        return seconds(*self._native.poll())

    def address(self, handle: int) -> int:
        return handle
