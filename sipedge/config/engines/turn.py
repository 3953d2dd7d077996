"""The table ``[turn]`` with ``[[turn.user]]``."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from sipedge.web_settings import PRIVATE, Turn, TurnUser

from ..reading.files import in_folder_of, read_password
from ..reading.positions import Path
from ..reading.reader import Reader
from ..reading.web_schema import TURN, TurnUserTable
from .web import engine_folder

_PATH: Path = ("turn",)


def read_turn(reader: Reader) -> Turn | None:
    """None when there is no such table, or nothing in it can be used; what is wrong is reported."""
    if "turn" not in reader.data:
        return None
    table = reader.validate(TURN, reader.table("turn"), _PATH, "[turn]")
    if table is None:
        return None
    turn = Turn(**table.model_dump(exclude={"user"}), users=_users(reader))
    if "user" not in reader.table("turn"):
        hint = "add [[turn.user]] with the user name that the Meeting Server is told"
        reader.problem(_PATH, "[turn] has no user, so nobody can use it", hint, at_key=True)
    _check(reader, turn)
    return replace(turn, folder=engine_folder(reader, turn.folder, ".turn"))


def _users(reader: Reader) -> tuple[TurnUser, ...]:
    users = list[TurnUser]()
    if "user" not in reader.table("turn"):
        return ()
    for path, raw in reader.array("user", _PATH):
        table = reader.validate(TurnUserTable, raw, path, "[[turn.user]]")
        if table is None:
            continue
        if any(user.username == table.username for user in users):
            reader.problem((*path, "username"), f'the user "{table.username}" stands twice', "write each user once")
        password = read_password(reader, (*path, "password_file"), in_folder_of(reader.file, table.password_file))
        if password is not None:
            users.append(TurnUser(table.username, password))
    return tuple(users)


def _check(reader: Reader, turn: Turn) -> None:
    """Ports of its own, and no door into the networks inside."""
    if ip_address(turn.address).is_unspecified:
        hint = "write one address of this host: relayed addresses are there, too"
        reader.problem((*_PATH, "address"), f"{turn.address} is no address that clients can be told", hint)
    listening = [*turn.further_ports, *([turn.tls_port] if turn.tls_port else [])]
    if len({turn.port, *listening}) < 1 + len(listening):
        reader.problem(_PATH, "a port stands twice in [turn]", "give each listener a port of its own", at_key=True)
    relayed = [port for port in (turn.port, *listening) if turn.ports[0] <= port <= turn.ports[1]]
    if relayed:
        hint = "choose other ports for one of the two"
        reader.problem((*_PATH, "ports"), f"port {relayed[0]} listens, and lies among those of relayed addresses", hint)
    denied = [ip_network(text) for text in turn.deny_peers]
    for text in PRIVATE:
        if not any(_holds(network, ip_network(text)) for network in denied):
            hint = f'add "{text}", and write single peers in it under allow_peers'
            reader.problem((*_PATH, "deny_peers"), f"peers in {text} can be reached through TURN from outside", hint)


def _holds(network: IPv4Network | IPv6Network, other: IPv4Network | IPv6Network) -> bool:
    if isinstance(network, IPv4Network) and isinstance(other, IPv4Network):
        return other.subnet_of(network)
    return isinstance(network, IPv6Network) and isinstance(other, IPv6Network) and other.subnet_of(network)
