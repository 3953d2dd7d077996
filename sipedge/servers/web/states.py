"""How the pools are, from the rows that HAProxy gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sipedge.printable import escaped
from sipedge.servers.state import PoolState, ServerState

from .pools import Member, Pool

Row = Mapping[str, str]

_LAYERS = {
    "L4TOUT": "it does not answer",
    "L4CON": "the connection fails",
    "L6TOUT": "TLS is not set up in time",
    "L6RSP": "TLS fails",
    "L7TOUT": "it does not answer the request",
    "L7RSP": "its answer cannot be read",
    "L7STS": "its answer is an error",
    "SOCKERR": "the connection fails",
}
"""Outcomes of a health check, ``check_status`` of a row (Management Guide, section 9.1)."""
UNEXPLAINED = "SSL handshake failure"
"""HAProxy's words where the other side's certificate is not valid, or nothing else is known."""
NO_ADDRESS = "it has no address in the DNS"


def pool_states(pools: Sequence[Pool], rows: Iterable[Row]) -> tuple[PoolState, ...]:
    by_backend: dict[str, dict[str, Row]] = {}
    for row in rows:
        if row.get("type") == "2":
            by_backend.setdefault(row.get("pxname", ""), {})[row.get("svname", "")] = row
    return tuple(_pool(pool, by_backend.get(pool.backend, {})) for pool in pools)


def _pool(pool: Pool, rows: Mapping[str, Row]) -> PoolState:
    servers = [server for member in pool.members for server in _member(member, rows)]
    return PoolState(pool.title, pool.names, tuple(servers), pool.problem)


def _member(member: Member, rows: Mapping[str, Row]) -> list[ServerState]:
    """Of the addresses of one name those that there are, else one that says so."""
    if member.slots == 1:
        return [_server(member, rows[member.name])] if member.name in rows else []
    slots = [rows[name] for name in rows if name.startswith(f"{member.name}_")]
    used = [row for row in slots if not _is_empty(row)]
    return [_server(member, row) for row in used or slots[:1]]


def _is_empty(row: Row) -> bool:
    return row.get("status", "").startswith("MAINT") and "resolution" in row.get("status", "")


def _server(member: Member, row: Row) -> ServerState:
    status, reason = _status(row)
    return ServerState(
        name=member.name,
        address="" if _is_empty(row) else row.get("addr", ""),
        status=status,
        reason=reason,
        sessions=_number(row.get("scur", "")),
        total=_number(row.get("stot", "")),
        backup=member.backup,
    )


def _status(row: Row) -> tuple[str, str]:
    """One that goes up or down is what it was until it has got there; before its first check nothing is known."""
    if _is_empty(row):
        return "failed", NO_ADDRESS
    if row.get("status") == "UP" and row.get("check_status", "") in ("", "INI"):
        return "checking", ""
    if row.get("status", "").startswith("UP"):
        return "active", ""
    return "failed", _reason(row)


def _reason(row: Row) -> str:
    code = row.get("check_status", "").removeprefix("* ")
    words = [_LAYERS.get(code, row.get("check_desc", "") or "it is down")]
    if row.get("check_code"):
        words.append(f"status {row['check_code']}")
    if row.get("last_chk"):
        words.append(row["last_chk"])
    return escaped(": ".join(words))


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0
