"""The start-up proof: the library at hand is laid out as declarations.py says.

Known values are put in on one side of the C interface and read on the other: a parsed message, a filled buffer, and one
server and one client transaction from beginning to end. A pjsip that is built otherwise shows another value.
"""

from __future__ import annotations

from collections.abc import Callable

from sipedge.sip.message import parse_message

from . import transport
from .callbacks import SEND, TRANSPORT
from .declarations import COMPLETED, REQUEST, SUCCESS, TRYING, UAC, UAS, Pointer, StackError
from .endpoint import Endpoint
from .outgoing import Outgoing
from .reception import Malformed, Reception
from .transport import Transport

_REQUEST = parse_message(
    b"OPTIONS sip:proof.invalid;transport=tls SIP/2.0\r\n"
    b"Via: SIP/2.0/TLS 192.0.2.7:5071;branch=z9hG4bKproof;rport\r\n"
    b"From: <sip:a@proof.invalid>;tag=from\r\nTo: <sip:b@proof.invalid>\r\n"
    b"Call-ID: proof@192.0.2.7\r\nCSeq: 4711 OPTIONS\r\nMax-Forwards: 70\r\n\r\n"
)
_BROKEN = parse_message(_REQUEST.head.replace(b"To: <", b"To: <<"))
_ANSWER = b"SIP/2.0 200 OK\r\n\r\n"


def prove(endpoint: Endpoint, reception: Reception, outgoing: Outgoing) -> None:
    """Raises StackError that names the first thing that differs."""
    sent: list[bytes] = []
    ffi, lib = endpoint.ffi, endpoint.lib

    def send(_: Pointer, message: Pointer, *__: Pointer) -> int:
        sent.append(outgoing.content(message))
        return SUCCESS

    def destroy(pointer: Pointer) -> int:
        transport.free(endpoint, pointer)
        return SUCCESS

    nothing = ffi.callback(TRANSPORT, lambda _: SUCCESS)
    operations = (ffi.callback(SEND, send), nothing, ffi.callback(TRANSPORT, destroy))
    _configuration(lib)
    before = endpoint.pools()
    ends = transport.Ends(True, ("192.0.2.1", 5061), ("192.0.2.7", 5072))
    connection = transport.create(endpoint, 0, ends, operations)
    reception.prepare(connection)
    _parser(endpoint, reception, connection)
    module = ffi.new("pjsip_module *", {"id": -1})
    _server(endpoint, reception, outgoing, connection, module, sent)
    _client(endpoint, outgoing, connection, module)
    transport.release(endpoint, connection)
    endpoint.fire_timers()
    _same("transports left", lib.pjsip_tpmgr_get_transport_count(endpoint.transport_manager), 0)
    _same("memory pools left", endpoint.pools(), before)


def _same(what: str, actual: object, expected: object) -> None:
    if actual != expected:
        raise _different(what, actual, expected)


def _different(what: str, actual: object, expected: object) -> StackError:
    return StackError(f"this pjsip is not built as it is declared here: {what} is {actual!r}, not {expected!r}")


def _configuration(lib: Pointer) -> None:
    timers = lib.pjsip_sip_cfg_var.tsx
    _same("pjsip_cfg_t.tsx", (timers.t1, timers.t2, timers.t4), (500, 4000, 5000))


def _parser(endpoint: Endpoint, reception: Reception, connection: Transport) -> None:
    text = _reader(endpoint)
    try:
        parsed = reception.parse(connection, _REQUEST)
    except Malformed as error:
        raise _different("pjsip_rx_data of a good request", f"without {error.header}", "complete") from None
    information, via = reception.data.msg_info, reception.data.msg_info.via
    _same("pjsip_rx_data.msg_info.msg", information.msg, parsed)
    _same("pjsip_msg.type", parsed.type, REQUEST)
    _same("pjsip_msg.line.req.method", text(parsed.line.req.method.name), b"OPTIONS")
    _same("Via transport", text(via.transport), b"TLS")
    _same("Via sent-by", (text(via.sent_by.host), via.sent_by.port), (b"192.0.2.7", 5071))
    _same("Via branch", text(via.branch_param), b"z9hG4bKproof")
    _same("Via rport", via.rport_param, 0)
    _same("Via received", via.recvd_param.slen, 0)
    _same("CSeq", (information.cseq.cseq, text(information.cseq.method.name)), (4711, b"OPTIONS"))
    _same("From tag", text(getattr(information, "from").tag), b"from")
    _same("To tag", information.to.tag.slen, 0)
    _same("Call-ID", text(information.cid.id), b"proof@192.0.2.7")
    try:
        reception.parse(connection, _BROKEN)
    except Malformed as error:
        _same("pjsip_parser_err_report", (error.header, error.line), ("To", 4))
    else:
        raise StackError("this pjsip reports no syntax error for a broken To header")


def _server(
    endpoint: Endpoint,
    reception: Reception,
    outgoing: Outgoing,
    connection: Transport,
    module: Pointer,
    sent: list[bytes],
) -> None:
    """A server transaction: made, answered, and its answer sent again to a copy of the request."""
    ffi, lib, raw, text = endpoint.ffi, endpoint.lib, endpoint.ffi.buffer, _reader(endpoint)
    result, handled = ffi.new("pjsip_transaction **"), ffi.new("int *")
    reception.parse(connection, _REQUEST)
    reception.identify(connection)
    endpoint.check("pjsip_tsx_create_uas", lib.pjsip_tsx_create_uas(module, reception.data, result))
    pointer = result[0]
    lib.pjsip_tsx_recv_msg(pointer, reception.data)
    _same("pjsip_transaction.tsx_user", pointer.tsx_user, module)
    _same("pjsip_transaction.role, state", (pointer.role, pointer.state), (UAS, TRYING))
    _same("pjsip_transaction.method", text(pointer.method.name), b"OPTIONS")
    _same("pjsip_transaction.transport", pointer.transport, connection.pointer)
    _same("pjsip_transaction.is_reliable", pointer.is_reliable, 1)
    _same("pjsip_transaction.addr", raw(pointer.addr.bytes)[:], raw(connection.address.bytes)[:])
    _same("pjsip_transaction.addr_len", pointer.addr_len, connection.address_length)
    message = outgoing.response(200, _ANSWER)
    _same("pjsip_tx_data.buf", lib.pjsip_tx_data_is_valid(message), 1)
    endpoint.check("pjsip_tsx_send_msg", lib.pjsip_tsx_send_msg(pointer, message))
    _same("pjsip_transaction.last_tx", pointer.last_tx, message)
    _same("pjsip_transaction.status_code, state", (pointer.status_code, pointer.state), (500, COMPLETED))
    lib.pjsip_endpt_process_rx_data(endpoint.pointer, reception.data, ffi.NULL, handled)
    _same("bytes sent", sent, [_ANSWER, _ANSWER])
    endpoint.fire_timers()
    _same("transactions left", lib.pjsip_tsx_layer_get_tsx_count(), 0)


def _client(endpoint: Endpoint, outgoing: Outgoing, connection: Transport, module: Pointer) -> None:
    lib, text = endpoint.lib, _reader(endpoint)
    result = endpoint.ffi.new("pjsip_transaction **")
    message = outgoing.request(b"OPTIONS", b"z9hG4bKproof")
    described = endpoint.ffi.string(lib.pjsip_tx_data_get_info(message))
    _same("pjsip_tx_data.msg", described[:29], b"Request msg OPTIONS/cseq=1 (t")
    endpoint.check("pjsip_tsx_create_uac", lib.pjsip_tsx_create_uac(module, message, result))
    pointer = result[0]
    _same("pjsip_transaction.role", pointer.role, UAC)
    _same("pjsip_transaction.branch", text(pointer.branch), b"z9hG4bKproof")
    _same("pjsip_transaction.transport of a client", pointer.transport, endpoint.ffi.NULL)
    lib.pjsip_tsx_terminate(pointer, 503)
    lib.pjsip_tx_data_dec_ref(message)
    endpoint.fire_timers()
    _same("transactions left", lib.pjsip_tsx_layer_get_tsx_count(), 0)


def _reader(endpoint: Endpoint) -> Callable[[Pointer], bytes]:
    """A reader of pj_str_t. Where another layout makes it read something else, the text is empty."""
    unpack = endpoint.ffi.unpack

    def read(text: Pointer) -> bytes:
        content: bytes = unpack(text.ptr, text.slen) if text.ptr and 0 < text.slen < 1000 else b""
        return content

    return read
