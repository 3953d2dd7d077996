"""From a received message to pjsip's view of it: only the lines that routing and transactions need are parsed by it.

pjsip is a strict parser and names the line and column of an error, but several of its header parsers can be made to
read or write out of bounds (docs/pjsip.md). So it is given the start line and the headers listed here; all others, and
the body, stay opaque bytes that a proxy forwards as they came (RFC 3261 16.6 step 1, RFC 4475 3.1.2).
"""

from __future__ import annotations

import hashlib
import secrets

from sipedge.sip.message import Message, canonical_name
from sipedge.sip.values import MessageError

from .declarations import Pointer
from .endpoint import Endpoint
from .transport import Transport

_REQUIRED = ("via", "from", "to", "call-id", "cseq")
_REQUEST = (*_REQUIRED, "max-forwards", "route", "record-route")
_SINGLE = ("from", "to", "call-id", "cseq", "max-forwards")
"""Headers that a message has once (RFC 3261 7.3.1)."""
_NAMES = {
    "via": "Via",
    "from": "From",
    "to": "To",
    "call-id": "Call-ID",
    "cseq": "CSeq",
    "max-forwards": "Max-Forwards",
    "route": "Route",
    "record-route": "Record-Route",
}
_OTHER_URI = b"sip:other.invalid"
"""Stands for a Request-URI that is neither sip nor sips: pjsip cannot read it and the core answers it with 416."""
_COOKIE = b"z9hg4bk"


class Malformed(Exception):
    """pjsip or this module cannot use a header; ``line`` and ``column`` count from 1 in the message, 0: unknown."""

    def __init__(self, header: str, line: int = 0, column: int = 0) -> None:
        super().__init__(header)
        self.header, self.line, self.column = header, line, column


class Reception:
    """pjsip's receive buffer: there is one, and what it holds is valid until the next message is parsed."""

    def __init__(self, endpoint: Endpoint, max_message: int, secret: bytes = b"") -> None:
        """``secret``: see Stack."""
        ffi = endpoint.ffi
        self._ffi, self._lib, self._endpoint = ffi, endpoint.lib, endpoint.pointer
        self._handled = ffi.new("int *")
        self._memory = ffi.new("char[]", 131072)  # more than pjsip_rx_data has, see proof.py
        self.data: Pointer = ffi.cast("pjsip_rx_data *", self._memory)
        self._pool = endpoint.pool(b"received", 8000)
        self.data.tp_info.pool = self._pool
        self._start = ffi.offsetof("pjsip_rx_data", "pkt_info", "len")
        self._varying = ffi.cast("char *", self.data) + self._start
        self._blank_start, self._end = ffi.offsetof("pjsip_rx_data", "msg_info"), ffi.sizeof("pjsip_rx_data")
        self.resize(max_message)
        self._source = ffi.new("pj_str_t *")
        self._source.ptr = ffi.cast("char *", ffi.addressof(self.data.pkt_info, "src_name"))
        self._key_text = ffi.new("char[]", b"z9hG4bK" + bytes(32))
        self._digest = ffi.buffer(self._key_text + 7, 32)
        self._key = ffi.new("pj_str_t *", (self._key_text, 39))
        self._secret = secret or secrets.token_bytes(32)
        self._keyed = hashlib.blake2b(digest_size=16, key=self._secret)
        self._host = ffi.NULL
        self._named_by_digest = False

    def resize(self, max_message: int) -> None:
        """Room for messages of this size; all transports have to be prepared (again)."""
        self._size = max_message
        ffi, data = self._ffi, self.data
        self._text = ffi.new("char[]", max_message + 1)  # pjsip's scanner wants a NUL at the end
        ffi.memmove(self._varying, bytes(self._end - self._start), self._end - self._start)
        data.msg_info.msg_buf = self._text
        errors = ffi.addressof(data.msg_info, "parse_err")
        errors.prev = errors.next = errors
        self._blank = ffi.new("char[]", self._held(self._blank_start, self._end))
        """The part of the receive buffer that is the same for all messages."""

    def prepare(self, transport: Transport) -> None:
        """Keep the part of the receive buffer that is the same for all messages of this connection."""
        ffi, source = self._ffi, self.data.pkt_info
        ffi.memmove(self._varying, bytes(self._blank_start - self._start), self._blank_start - self._start)
        source.src_addr, source.src_addr_len = transport.address, transport.address_length
        source.src_name, source.src_port = transport.peer[:45], transport.port
        transport.received = self._held(self._start, self._blank_start)

    def _held(self, start: int, end: int) -> bytes:
        content: bytes = self._ffi.buffer(self._ffi.cast("char *", self.data), end)[start:]
        return content

    def tell(self, setup: Pointer) -> None:
        """Show the receive buffer to the native half, and the key of the digests."""
        setup.received, setup.pool, setup.text, setup.size = self.data, self._pool, self._text, self._size
        setup.key, setup.blank = self._secret, self._blank

    def select(self, message: Message) -> tuple[list[int], bytes]:
        """Numbers of the lines that pjsip is given, and its start line. Raises Malformed."""
        _check_content_length(message)
        kind = "pjsip request" if message.status == 0 else "pjsip response"
        numbers = message.index.memo.get(kind)
        if numbers is None:  # the names decide it, and most messages share theirs: saves 1.3 % of a transaction
            numbers = message.index.memo[kind] = _line_numbers(message)
        return numbers, _start_line(message)

    def parse(self, transport: Transport, message: Message) -> Pointer:
        """Fill the receive buffer; the pjsip_msg. Raises Malformed, and then pjsip holds nothing."""
        text = _text(message, *self.select(message))
        length = len(text)
        if length > self._size:
            raise Malformed("header section")
        ffi, data = self._ffi, self.data
        self._lib.pj_pool_reset(self._pool)
        own = len(transport.received)
        ffi.memmove(self._varying, transport.received, own)
        ffi.memmove(self._varying + own, self._blank, self._end - self._blank_start)
        ffi.memmove(self._text, text + b"\0", length + 1)
        data.tp_info.transport = transport.pointer
        self._named_by_digest = False
        parsed = self._lib.pjsip_parse_rdata(self._text, length, data)
        information = data.msg_info
        errors = information.parse_err
        if not parsed or errors.next != errors.prev or errors.next.except_code:
            raise self.error(message)
        self._check_headers(information)
        return parsed

    def _check_headers(self, information: Pointer) -> None:
        """Raises Malformed where pjsip's transaction layer would fail an assertion (docs/pjsip.md)."""
        sender = getattr(information, "from")
        if not (information.via and sender and information.to and information.cid and information.cseq):
            raise Malformed("header section")

    def identify(self, transport: Transport) -> None:
        """Make the top Via name a server transaction as in RFC 3261 17.2.3, and the source of the request.

        pjsip matches the branch alone, in a hash table that is not keyed. Here the branch becomes a keyed digest of
        the peer (its address and the names in its certificate), sent-by and branch: a peer can neither hit the
        transaction of another one nor choose a place in the table. Without the magic cookie pjsip matches as in
        RFC 2543, by a key that contains sent-by.
        """
        ffi = self._ffi
        via = self.data.msg_info.via
        sent_by, branch, length = via.sent_by, via.branch_param, via.branch_param.slen
        host = sent_by.host
        sender = ffi.unpack(host.ptr, host.slen).lower() if host.slen else b""
        token = ffi.unpack(branch.ptr, length).lower() if length else b""
        if token.startswith(_COOKIE):
            keyed = self._keyed.copy()
            keyed.update(b"%b %b:%d %b" % (transport.who, sender, sent_by.port, token))
            self._digest[:] = keyed.hexdigest().encode("ascii")
            via.branch_param = self._key[0]
            self._named_by_digest = True
        else:
            named = b"%b!%b" % (transport.who, sender)
            self._host = ffi.new("char[]", named)
            host.ptr, host.slen = self._host, len(named)
        self._source.slen = len(transport.peer)
        via.recvd_param = self._source[0]
        via.rport_param = transport.port

    def key(self) -> bytes:
        """See Calls.key."""
        return bytes(self._ffi.buffer(self._key_text, 39)) if self._named_by_digest else b""

    def distribute(self) -> bool:
        """Hand the received message to pjsip's transaction layer; True when a transaction took it."""
        handled = self._handled
        self._lib.pjsip_endpt_process_rx_data(self._endpoint, self.data, self._ffi.NULL, handled)
        return bool(handled[0])

    def method(self) -> str:
        """The method that CSeq names: pjsip finds transactions by this one and acts by the request line's."""
        name = self.data.msg_info.cseq.method.name
        method: bytes = self._ffi.unpack(name.ptr, name.slen)
        return method.decode("ascii")

    def branch(self) -> str:
        """The top Via's branch of a response."""
        text = self.data.msg_info.via.branch_param
        branch: bytes = self._ffi.unpack(text.ptr, text.slen) if text.slen else b""
        return branch.decode("latin-1")

    def error(self, message: Message) -> Malformed:
        """Why the message that was parsed last could not be read."""
        numbers, _ = self.select(message)
        report = self.data.msg_info.parse_err.next
        if not report.except_code:
            return Malformed("start line", 1)
        # No line is folded, so that pjsip's line number is the place in ``numbers``.
        return locate_error(message, numbers[min(report.line, len(numbers)) - 1], report.col)


def locate_error(message: Message, number: int, column: int) -> Malformed:
    """From a column of an unfolded line to header, line and column in the message.

    A column outside of the line means that something is missing at its end.
    """
    content = message.lines[number]
    if not 0 < column <= len(content):
        column = len(content) + 1
    before = content[: column - 1]
    last_break = before.rfind(b"\n")
    header = _NAMES[canonical_name(content.partition(b":")[0])] if number else "Request-URI"
    return Malformed(header, physical_line(message, number) + before.count(b"\n"), column - 1 - last_break)


def physical_line(message: Message, number: int) -> int:
    """Where ``message.lines[number]`` begins, counted from 1, with folded lines counted singly."""
    return 1 + sum(line.count(b"\r\n") + 1 for line in message.lines[:number])


def _line_numbers(message: Message) -> list[int]:
    """The lines that pjsip is given. Raises Malformed for a missing or repeated header."""
    index = message.index
    for name in _REQUIRED:
        if name not in index:
            raise Malformed(_NAMES[name])
    for name in _SINGLE:
        lines = index.get(name, ())
        if len(lines) > 1:
            raise Malformed(_NAMES[name], physical_line(message, lines[1]), 1)
    numbers = [0]
    for name in _REQUEST if message.is_request else _REQUIRED:
        if name in index:
            numbers += index[name]
    return numbers


def _check_content_length(message: Message) -> None:
    """Raises Malformed for what is no whole number. pjsip 2.15.1 overflows on large ones and never sees the header."""
    try:
        _ = message.content_length
    except MessageError:
        line = physical_line(message, message.index["content-length"][0])
        raise Malformed("Content-Length", line, 1) from None


def _text(message: Message, numbers: list[int], start: bytes) -> bytes:
    """The text for pjsip's parser: each header on one line (RFC 3261 7.3.1), each byte in its column."""
    lines = message.lines
    parts = [lines[number] for number in numbers]
    parts[0] = start
    text = b"\r\n".join(parts) + b"\r\n\r\n"
    if text.count(b"\n") > len(parts) + 1:  # pjsip reads no folded quoted string
        text = b"\r\n".join([part.replace(b"\r\n", b"  ") for part in parts]) + b"\r\n\r\n"
    if b"\0" in text:  # RFC 4475 3.1.1.2: legal in a quoted string, where pjsip would stop reading
        text = text.replace(b"\0", b"\1")
    return text


def _start_line(message: Message) -> bytes:
    if not message.is_request:
        return b"SIP/2.0 %d -" % message.status  # the reason phrase is free text and nothing depends on it
    uri = message.uri
    if uri[:4].lower() == "sip:" or uri[:5].lower() == "sips:":
        return message.lines[0]
    return b"%b %b SIP/2.0" % (message.method.encode("ascii"), _OTHER_URI)
