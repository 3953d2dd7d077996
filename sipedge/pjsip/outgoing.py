"""What pjsip is given to send: a shape of a message for its transaction layer, with bytes of ours in the buffer.

pjsip prints a message only while its buffer is empty; here the buffer is filled first, so that what goes out is what
the proxy made, byte for byte, and none of pjsip's printers ever runs on what a peer wrote.
"""

from __future__ import annotations

from .declarations import CANCEL, H_CSEQ, H_VIA, INVITE, OTHER, Pointer, StackError
from .endpoint import Endpoint

_REQUEST = (
    b"INVITE sip:shape.invalid SIP/2.0\r\n"
    b"Via: SIP/2.0/TLS shape.invalid;branch=z9hG4bK\r\n"
    b"Max-Forwards: 70\r\n"
    b"From: <sip:shape.invalid>;tag=1\r\n"
    b"To: <sip:shape.invalid>\r\n"
    b"Call-ID: shape\r\n"
    b"CSeq: 1 INVITE\r\n\r\n"
)
_METHODS = {b"INVITE": INVITE, b"CANCEL": CANCEL}
MAX_BRANCH = 255
MAX_METHOD = 255


class Outgoing:
    """Makes a pjsip_tx_data for each message; the shapes are shared, pjsip only reads them."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint, self._ffi, self._lib = endpoint, endpoint.ffi, endpoint.lib
        ffi = self._ffi
        self._pool = endpoint.pool(b"shapes", 4000)
        self._request = self._shape(_REQUEST)
        self._provisional = self._shape(b"SIP/2.0 100 -\r\nCSeq: 1 INVITE\r\n\r\n")
        self._final = self._shape(b"SIP/2.0 500 -\r\nCSeq: 1 INVITE\r\n\r\n")
        self._method = self._request.line.req.method
        via = self._lib.pjsip_msg_find_hdr(self._request, H_VIA, ffi.NULL)
        self._via = ffi.cast("pjsip_via_hdr *", via)
        self._branch_text = ffi.new("char[]", MAX_BRANCH + 1)
        self._via.branch_param.ptr = self._branch_text
        self._method_text = ffi.new("char[]", MAX_METHOD + 1)
        self._method.name.ptr = self._method_text
        self._unprinted = ffi.new("char[]", 8)
        self._result = ffi.new("pjsip_tx_data **")

    def _shape(self, text: bytes) -> Pointer:
        memory = self._ffi.cast("char *", self._lib.pj_pool_alloc(self._pool, len(text) + 1))
        self._ffi.memmove(memory, text + b"\0", len(text) + 1)
        shape = self._lib.pjsip_parse_msg(self._pool, memory, len(text), self._ffi.NULL)
        if not shape or not self._lib.pjsip_msg_find_hdr(shape, H_CSEQ, self._ffi.NULL):
            raise StackError("pjsip cannot parse the shape of an outgoing message")
        return shape

    def request(self, method: bytes, branch: bytes) -> Pointer:
        """A request that is only a method and a branch to pjsip; whoever sends it sends the real bytes.

        Reliable transports repeat no request (RFC 3261 17.1.1.2), so pjsip asks for it exactly once. Of what pjsip
        reads here it keeps copies; an ACK that it makes from the shape is replaced as a whole (acknowledgement.py).
        """
        ffi, shape = self._ffi, self._method
        ffi.memmove(self._branch_text, branch, len(branch))
        self._via.branch_param.slen = len(branch)
        ffi.memmove(self._method_text, method, len(method))
        shape.name.slen = len(method)
        shape.id = _METHODS.get(method, OTHER)
        message = self._create(self._request)
        buffer = message.buf
        buffer.start = self._unprinted
        buffer.cur = buffer.end = self._unprinted + 1
        return message

    def response(self, status: int, data: bytes) -> Pointer:
        """A response whose bytes stay with it: pjsip sends them again for every copy of the request.

        The shape's status is 100 for every provisional response, because pjsip repeats others to INVITE each minute,
        and 500 for every final one, because it repeats 2xx to INVITE on its own. Neither is a proxy's to do.
        """
        message = self._create(self._provisional if status < 200 else self._final)
        self.fill(message, data)
        return message

    def tell(self, setup: Pointer) -> None:
        """Show the shapes to the native half."""
        setup.request, setup.provisional, setup.final = self._request, self._provisional, self._final
        setup.via, setup.method = self._via, self._ffi.addressof(self._method)
        setup.branch_text, setup.method_text = self._branch_text, self._method_text
        setup.max_branch, setup.max_method = MAX_BRANCH, MAX_METHOD
        setup.unprinted = self._unprinted

    def fill(self, message: Pointer, data: bytes) -> None:
        """Put bytes into a message's buffer; they live as long as the message."""
        length = len(data)
        start = self._ffi.cast("char *", self._lib.pj_pool_alloc(message.pool, length + 1))
        self._ffi.memmove(start, data, length)
        buffer = message.buf
        buffer.start = start
        buffer.cur = buffer.end = start + length

    def content(self, message: Pointer) -> bytes:
        buffer = message.buf
        content: bytes = self._ffi.unpack(buffer.start, buffer.cur - buffer.start)
        return content

    def _create(self, shape: Pointer) -> Pointer:
        result = self._result
        status = self._lib.pjsip_endpt_create_tdata(self._endpoint.pointer, result)
        if status:
            self._endpoint.check("pjsip_endpt_create_tdata", status)
        message = result[0]
        self._lib.pjsip_tx_data_add_ref(message)
        message.msg = shape
        return message
