"""What OpenSSL can do and Python's ``ssl`` does not hand on.

Four things are done through ctypes on the very library that it uses:

* The *purpose* of a peer certificate. OpenSSL refuses a client certificate whose extended key usage lacks clientAuth;
  a zone may tolerate that, because public authorities stop issuing clientAuth.
* The server's session cache. A resumed TLS 1.2 session skips the certificate; every connection shall show its own.
* The certificates of a refused peer. OpenSSL forgets them with the handshake, and the log shall name them.
* What a memory buffer has grown to. The flights of a handshake are long, and a connection that waits needs nothing.

The ``SSL_CTX *`` is the first field of CPython's PySSLContext, right after the object header. Before anything is
written, ``pointer_to`` proves this on the context at hand: Python sets its verify mode and flags, and OpenSSL must
report the same ones for the pointer. Where that fails (another Python), the functions return False, and OpenSSL stays
as strict as it is. The ``BIO *`` of a MemoryBIO lies at the same place, and is proved once.
"""

from __future__ import annotations

import _ssl
import ctypes
import ssl
import sys
import threading
from functools import cache

_PURPOSE_ANY = 7
_SET_SESSION_CACHE_MODE = 44
_SESSION_CACHE_OFF = 0
VERIFY_MODES = {ssl.CERT_NONE: 0, ssl.CERT_OPTIONAL: 1, ssl.CERT_REQUIRED: 3}
KNOWN_PYTHONS = ((3, 11), (3, 12))
_MOST_CERTIFICATES = 16
_PENDING, _SET_MEMORY, _CLOSE = 10, 114, 1
"""BIO_CTRL_PENDING, BIO_C_SET_BUF_MEM, BIO_CLOSE (openssl/bio.h)."""
_refused = threading.local()
"""``ders``: of the last peer that was refused in this thread, taken by ``take_refused``."""


def tolerate_key_usage(context: ssl.SSLContext) -> bool:
    """Let any extended key usage pass verification, on both sides. False when OpenSSL cannot be reached."""
    library, pointer = library_of_python(), pointer_to(context)
    if library is None or pointer is None:
        return False
    return bool(library.X509_VERIFY_PARAM_set_purpose(library.SSL_CTX_get0_param(pointer), _PURPOSE_ANY))


def disable_session_cache(context: ssl.SSLContext) -> bool:
    """Forbid that TLS 1.2 sessions are resumed by their id. False when OpenSSL cannot be reached."""
    library, pointer = library_of_python(), pointer_to(context)
    if library is None or pointer is None:
        return False
    library.SSL_CTX_ctrl(pointer, _SET_SESSION_CACHE_MODE, _SESSION_CACHE_OFF, None)
    return True


def keep_refused(context: ssl.SSLContext) -> bool:
    """Keep what a refused peer sent for ``take_refused``; nothing is judged otherwise. False when OpenSSL cannot be
    reached."""
    library, pointer = library_of_python(), pointer_to(context)
    if library is None or pointer is None:
        return False
    library.SSL_CTX_set_verify(pointer, VERIFY_MODES[context.verify_mode], _LOOKER_ON)
    return True


def take_refused() -> tuple[bytes, ...]:
    """DER of what the peer sent that has just been refused in this thread, as it came; () when nothing is known."""
    ders: tuple[bytes, ...] = getattr(_refused, "ders", ())
    _refused.ders = ()
    return ders


def _look_on(verdict: int, store: int) -> int:
    """OpenSSL calls it for each certificate with its own verdict, which stands; an exception would be a refusal."""
    if verdict == 0 and (library := library_of_python()) is not None:
        sent = library.X509_STORE_CTX_get0_untrusted(store)
        count = min(library.OPENSSL_sk_num(sent), _MOST_CERTIFICATES)
        _refused.ders = tuple(_der(library, library.OPENSSL_sk_value(sent, at)) for at in range(count))
    return verdict


_LOOKER_ON = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_void_p)(_look_on)


def _der(library: ctypes.CDLL, certificate: int) -> bytes:
    space = ctypes.create_string_buffer(library.i2d_X509(certificate, None))
    library.i2d_X509(certificate, ctypes.byref(ctypes.c_char_p(ctypes.addressof(space))))
    return space.raw


def shrink(buffer: ssl.MemoryBIO) -> bool:
    """Give back the memory of a buffer that is empty. False when it is not, or OpenSSL cannot be reached."""
    library = library_of_python()
    if library is None or buffer.pending or not _knows_buffers():
        return False
    memory = library.BUF_MEM_new()
    return bool(memory) and library.BIO_ctrl(_bio(buffer), _SET_MEMORY, _CLOSE, memory) == 1


def _bio(buffer: ssl.MemoryBIO) -> int | None:
    return ctypes.c_void_p.from_address(id(buffer) + object.__basicsize__).value


@cache
def _knows_buffers() -> bool:
    """Whether OpenSSL finds in a buffer of Python's what Python has written there."""
    library, buffer = library_of_python(), ssl.MemoryBIO()
    if library is None:
        return False
    counts = []
    for size in (0, 7, 1001):
        buffer.write(b"x" * size)
        counts.append(library.BIO_ctrl(_bio(buffer), _PENDING, 0, None))
    return counts == [0, 7, 1008]


def verified_chain(connection: ssl.SSLObject) -> tuple[bytes, ...]:
    """DER of the peer's certificates as they were verified, from the leaf to the root; () when it showed none.

    Public from Python 3.13 on (``get_verified_chain``); before that, the object behind has it.
    """
    chain = connection._sslobj.get_verified_chain()  # type: ignore[attr-defined]
    return tuple(certificate.public_bytes(_ssl.ENCODING_DER) for certificate in chain or ())


@cache
def library_of_python() -> ctypes.CDLL | None:
    """The OpenSSL that ``_ssl`` is linked with (symbols are looked up in the module and what it depends on)."""
    if sys.implementation.name != "cpython" or sys.version_info[:2] not in KNOWN_PYTHONS:
        return None
    try:
        library = ctypes.CDLL(getattr(_ssl, "__file__", None))
        library.OpenSSL_version.restype = ctypes.c_char_p
        library.SSL_CTX_get0_param.argtypes = [ctypes.c_void_p]
        library.SSL_CTX_get0_param.restype = ctypes.c_void_p
        library.SSL_CTX_get_verify_mode.argtypes = [ctypes.c_void_p]
        library.SSL_CTX_ctrl.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_long, ctypes.c_void_p]
        library.SSL_CTX_ctrl.restype = ctypes.c_long
        library.X509_VERIFY_PARAM_get_flags.argtypes = [ctypes.c_void_p]
        library.X509_VERIFY_PARAM_get_flags.restype = ctypes.c_ulong
        library.X509_VERIFY_PARAM_set_purpose.argtypes = [ctypes.c_void_p, ctypes.c_int]
        _declare_certificates(library)
        _declare_buffers(library)
        version = library.OpenSSL_version(0)
    except (OSError, AttributeError):
        return None
    return library if version and version.decode() == ssl.OPENSSL_VERSION else None


def _declare_certificates(library: ctypes.CDLL) -> None:
    """Raises AttributeError."""
    library.SSL_CTX_set_verify.argtypes = [ctypes.c_void_p, ctypes.c_int, type(_LOOKER_ON)]
    library.SSL_CTX_set_verify.restype = None
    library.X509_STORE_CTX_get0_untrusted.argtypes = [ctypes.c_void_p]
    library.X509_STORE_CTX_get0_untrusted.restype = ctypes.c_void_p
    library.OPENSSL_sk_num.argtypes = [ctypes.c_void_p]
    library.OPENSSL_sk_value.argtypes = [ctypes.c_void_p, ctypes.c_int]
    library.OPENSSL_sk_value.restype = ctypes.c_void_p
    library.i2d_X509.argtypes = [ctypes.c_void_p, ctypes.c_void_p]


def _declare_buffers(library: ctypes.CDLL) -> None:
    """Raises AttributeError."""
    library.BUF_MEM_new.argtypes = []
    library.BUF_MEM_new.restype = ctypes.c_void_p
    library.BIO_ctrl.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_long, ctypes.c_void_p]
    library.BIO_ctrl.restype = ctypes.c_long


def pointer_to(context: ssl.SSLContext) -> int | None:
    """The context's ``SSL_CTX *``; None when the proof fails."""
    library = library_of_python()
    if library is None:
        return None
    pointer = ctypes.c_void_p.from_address(id(context) + object.__basicsize__).value
    parameters = library.SSL_CTX_get0_param(pointer) if pointer else None
    if not parameters or library.SSL_CTX_get_verify_mode(pointer) != VERIFY_MODES[context.verify_mode]:
        return None
    before = context.verify_flags
    try:
        for flags in (before ^ ssl.VerifyFlags.VERIFY_X509_STRICT, before):
            context.verify_flags = flags
            if library.X509_VERIFY_PARAM_get_flags(parameters) != int(flags):
                return None
    finally:
        context.verify_flags = before
    return pointer
