"""Every C declaration of pjsip that this program uses, and the library that carries it.

The sizes and offsets that follow from these structs are those of pjsip 2.15.x in its default configuration on 64-bit
Linux. proof.py shows at start-up that the library at hand agrees; nothing else in the program names an offset.
"""

from __future__ import annotations

import importlib.util
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from cffi import FFI

Pointer = Any
"""A cffi pointer or struct; cffi has no static types for them."""

DECLARATIONS = Path(__file__).with_suffix(".h").read_text("ascii")
"""What declarations.h says; the native half is compiled from the same file."""
SETUP = (Path(__file__).parent / "native/setup.h").read_text("ascii")
"""What the native half is given."""

_SYMBOL = re.compile(r"^(?!typedef|struct|[ }]).*?\b(pj\w+)(?:\(|;)", re.MULTILINE)

SUCCESS = 0
REQUEST, RESPONSE = 0, 1
"""pjsip_msg_type_e"""
INVITE, CANCEL, ACK, OTHER = 0, 1, 2, 6
"""pjsip_method_e; methods without a meaning of their own for the transaction layer are OTHER with a name"""
UAC, UAS = 0, 1
"""pjsip_role_e"""
TRYING, COMPLETED, TERMINATED = 2, 4, 6
"""pjsip_tsx_state_e"""
H_VIA, H_CSEQ = 41, 15
"""pjsip_hdr_e"""
TCP, TLS, IPV6 = 2, 3, 128
"""pjsip_transport_type_e"""
RELIABLE, SECURE = 1, 2
"""pjsip_transport_flags_e"""


class StackError(RuntimeError):
    """pjsip cannot be used, or a call failed that cannot fail in a sound pjsip."""


@lru_cache(maxsize=1)
def load() -> tuple[Any, Any]:
    """cffi's view of the declarations, and the library that the pjsua2 package carries. Raises StackError."""
    ffi = FFI()
    ffi.cdef(DECLARATIONS)
    ffi.cdef(SETUP)
    path = find_library()
    try:
        library = ffi.dlopen(path)
        for name in _SYMBOL.findall(DECLARATIONS):
            getattr(library, name)
    except (OSError, AttributeError) as error:
        raise StackError(f"pjsip in {path} cannot be used: {error}") from None
    return ffi, library


def find_library() -> str:
    """Path of the extension module of pjsua2: it exports the whole C API. Raises StackError."""
    package = importlib.util.find_spec("pjsua2")
    if package is None or not package.submodule_search_locations:
        raise StackError("the package pjsua2-python is not installed (it carries pjsip)")
    folder = Path(next(iter(package.submodule_search_locations)))
    files = sorted(folder.glob("_pjsua2*.so"))
    if not files:
        raise StackError(f"there is no _pjsua2*.so in {folder}")
    return str(files[0])
