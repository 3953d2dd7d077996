"""Whether a part in C may be used: compiled from these very sources, and not switched off."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

SWITCH = "SIPEDGE_NATIVE"
"""The environment variable that switches all of them off with 0."""


class Unusable(Exception):
    """One clause: why a part cannot be used."""


def is_switched_off() -> bool:
    return os.environ.get(SWITCH) == "0"


def load(compiled: Callable[[], ModuleType], sources: str) -> ModuleType:
    """What ``compiled`` imports. ``sources``: the digest of what it is to be made of. Raises Unusable."""
    if is_switched_off():
        raise Unusable(f"{SWITCH} is 0")
    try:
        module = compiled()
    except ImportError as error:
        raise Unusable(f"it was not compiled ({error})") from None
    if module.SOURCES != sources:
        raise Unusable(f"{module.__file__} was compiled from other sources")
    return module


def digest(files: Sequence[Path], *texts: str) -> str:
    """Of everything that decides what is compiled: files, by name and content, and texts that no file holds."""
    text = "\0".join([*texts, *(f"{path.name}\0{path.read_text('ascii')}" for path in files)])
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]
