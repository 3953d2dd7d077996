from __future__ import annotations

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
    openssl.library_of_python.cache_clear()


def test_a_pointer_that_proves_nothing_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """What OpenSSL says of the pointer does not follow what Python set: it is not this context."""
    monkeypatch.setattr(openssl, "VERIFY_MODES", dict.fromkeys(ssl.VerifyMode, 77))
    assert not openssl.tolerate_key_usage(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
