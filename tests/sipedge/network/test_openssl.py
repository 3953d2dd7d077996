from __future__ import annotations

import ctypes
import ssl

import pytest

import sipedge.network.openssl as openssl


@pytest.mark.parametrize("protocol", [ssl.PROTOCOL_TLS_SERVER, ssl.PROTOCOL_TLS_CLIENT])
@pytest.mark.parametrize("mode", [ssl.CERT_REQUIRED, ssl.CERT_OPTIONAL, ssl.CERT_NONE])
def test_this_python_is_known(protocol: int, mode: ssl.VerifyMode) -> None:
    context = ssl.SSLContext(protocol)
    context.check_hostname = False
    context.verify_mode = mode
    flags = context.verify_flags
    assert openssl.tolerate_key_usage(context)
    assert openssl.disable_session_cache(context)
    assert openssl.keep_refused(context)
    assert context.verify_mode == mode and context.verify_flags == flags


def test_another_python_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    openssl.library_of_python.cache_clear()
    monkeypatch.setattr(openssl, "KNOWN_PYTHONS", ())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    assert not openssl.tolerate_key_usage(context)
    assert not openssl.disable_session_cache(context)
    assert not openssl.keep_refused(context) and openssl.take_refused() == ()
    assert not openssl.shrink(ssl.MemoryBIO())
    openssl.library_of_python.cache_clear()


def test_a_pointer_that_proves_nothing_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """What OpenSSL says of the pointer does not follow what Python set: it is not this context."""
    monkeypatch.setattr(openssl, "VERIFY_MODES", dict.fromkeys(ssl.VerifyMode, 77))
    assert not openssl.tolerate_key_usage(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))


def held(buffer: ssl.MemoryBIO) -> int:
    """Bytes that OpenSSL has for what is in a buffer: ``max`` of its BUF_MEM."""
    library, memory = openssl.library_of_python(), ctypes.c_void_p()
    assert library is not None
    library.BIO_ctrl(openssl._bio(buffer), 115, 0, ctypes.byref(memory))  # BIO_C_GET_BUF_MEM_PTR
    assert memory.value
    return ctypes.c_size_t.from_address(memory.value + 2 * ctypes.sizeof(ctypes.c_void_p)).value


def test_an_empty_buffer_gives_its_memory_back_and_goes_on() -> None:
    buffer = ssl.MemoryBIO()
    buffer.write(b"x" * 5000)
    assert buffer.read() == b"x" * 5000
    assert held(buffer) >= 5000
    assert openssl.shrink(buffer) and openssl.shrink(buffer)
    assert held(buffer) == 0 and buffer.read() == b""
    buffer.write(b"y" * 70000)
    assert buffer.read(69999) + buffer.read() == b"y" * 70000
    buffer.write_eof()
    assert openssl.shrink(buffer) and buffer.eof


def test_a_buffer_that_holds_something_stays_as_it_is() -> None:
    buffer = ssl.MemoryBIO()
    buffer.write(b"x")
    assert not openssl.shrink(buffer)
    assert buffer.read() == b"x"


def test_buffers_that_prove_nothing_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    openssl._knows_buffers.cache_clear()
    monkeypatch.setattr(openssl, "_PENDING", 2)  # BIO_CTRL_EOF
    assert not openssl.shrink(ssl.MemoryBIO())
    openssl._knows_buffers.cache_clear()
