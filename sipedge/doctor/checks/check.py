"""One row of the table of checks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Symptom:
    """What the fault causes on the Microsoft side."""

    effect: str
    diagnostics: int | None = None
    """The number in ms-diagnostics that Microsoft's own users get."""
    log: str = ""
    """Result code and name in the Edge's log (TF_DIAG)."""
    hresult: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    id: str
    demand: str
    symptom: Symptom
    mend: str

    @property
    def group(self) -> str:
        """ "dns", "tls", "sip", "xmpp" or "web"; ``own``, the certificate that is presented, is a part of TLS."""
        return {"own": "tls"}.get(prefix := self.id.partition(".")[0], prefix)
