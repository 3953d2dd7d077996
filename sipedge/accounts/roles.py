"""What somebody may: three roles, each of which may all that the one before it may."""

from __future__ import annotations

from enum import IntEnum


class Role(IntEnum):
    AUDITOR = 1
    """Reads."""
    OPERATOR = 2
    """Writes drafts."""
    ADMIN = 3
    """Puts something in force."""

    def __str__(self) -> str:
        return self.name.lower()


def role_named(name: str) -> Role:
    """Raises ValueError."""
    for role in Role:
        if str(role) == name:
            return role
    raise ValueError(f'"{name}" is no role: roles are {", ".join(map(str, Role))}')
