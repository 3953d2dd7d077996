"""How many relayed addresses are in use: each is a UDP socket of coturn, which the system lists (proc_net_udp(5))."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address

from sipedge.web_settings import Turn


def allocations(turn: Turn) -> int:
    """0 where the system does not tell."""
    table = "/proc/net/udp" if ip_address(turn.address).version == 4 else "/proc/net/udp6"
    try:
        with open(table) as rows:
            return count(rows, turn)
    except OSError:
        return 0


def count(rows: Iterable[str], turn: Turn) -> int:
    """``rows``: of the table; the local address is the second field, in the host's order of bytes."""
    first, last = turn.ports
    places = (row.split()[1].split(":") for row in rows if not row.lstrip().startswith("sl"))
    ours = hex_address(turn.address)
    return sum(address == ours and first <= int(port, 16) <= last for address, port in places)


def hex_address(address: str) -> str:
    """As the table has it: words of four bytes, each turned around on a little-endian host."""
    packed = ip_address(address).packed
    words = (packed[at : at + 4] for at in range(0, len(packed), 4))
    return "".join(f"{int.from_bytes(word, 'little'):08X}" for word in words)
