"""The table ``[xmpp]`` with ``[[xmpp.route]]``."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from sipedge.settings import Xmpp, XmppRoute

from ..reading.files import check_crl, in_folder_of, read_password
from ..reading.positions import Path
from ..reading.reader import Reader
from ..reading.schema import XMPP, XMPP_ROUTE
from .xmpp_role import check_role

_PATH: Path = ("xmpp",)


def read_xmpp(reader: Reader) -> Xmpp | None:
    """None when there is no such table, or nothing in it can be used; what is wrong is reported."""
    if "xmpp" not in reader.data:
        return None
    table = reader.validate(XMPP, reader.table("xmpp"), _PATH, "[xmpp]")
    if table is None:
        return None
    xmpp = Xmpp(**table.model_dump(exclude={"route"}), routes=_routes(reader))
    check_role(reader, xmpp)
    _check(reader, xmpp)
    return replace(
        xmpp,
        crl=_crl(reader, xmpp.crl),
        dialback_secret_file=_secret_file(reader, "dialback_secret_file", xmpp.dialback_secret_file),
        link_secret_file=_secret_file(reader, "link_secret_file", xmpp.link_secret_file),
        folder=_folder(reader, xmpp.folder),
    )


def _routes(reader: Reader) -> tuple[XmppRoute, ...]:
    if "route" not in reader.table("xmpp"):
        return ()
    tables = [reader.validate(XMPP_ROUTE, raw, path, "[[xmpp.route]]") for path, raw in reader.array("route", _PATH)]
    return tuple(XmppRoute(**table.model_dump()) for table in tables if table)


def _crl(reader: Reader, name: str) -> str:
    if not name:
        return ""
    file = in_folder_of(reader.file, name)
    if os.path.isdir(file):
        reader.problem((*_PATH, "crl"), f'"{file}" is a folder', "write one file, with all lists in PEM form")
    else:
        check_crl(reader, (*_PATH, "crl"), file)
    return file


def _secret_file(reader: Reader, key: str, name: str) -> str:
    if not name:
        return ""
    file = in_folder_of(reader.file, name)
    read_password(reader, (*_PATH, key), file)
    return file


def _folder(reader: Reader, name: str) -> str:
    """Beside ``edge.toml`` where no other is named: ``edge.xmpp``. The engine wants it absolute."""
    beside = os.path.splitext(reader.file)[0] + ".xmpp"
    return os.path.abspath(in_folder_of(reader.file, name) if name else beside)


def _check(reader: Reader, xmpp: Xmpp) -> None:
    """What the keys must say together."""
    ours = {*xmpp.domains, *xmpp.chat_node_aliases}
    if len(ours) < len(xmpp.domains) + len(xmpp.chat_node_aliases):
        hint = "write each name once, under domains or under chat_node_aliases"
        reader.problem((*_PATH, "domains"), "a name stands twice among [xmpp] domains and chat_node_aliases", hint)
    if xmpp.role == "both" and xmpp.address == xmpp.inside_address != "":
        hint = "the two listeners have one port, so each needs an address of its own"
        reader.problem((*_PATH, "inside_address"), "[xmpp] address and inside_address are the same", hint)
    partners: dict[str, tuple[str, ...]] = {
        "allow": xmpp.allow,
        "deny": xmpp.deny,
        "route": tuple(route.domain for route in xmpp.routes),
    }
    for key, names in partners.items():
        for index, name in enumerate(names):
            if name in ours:
                _own_name(reader, (*_PATH, key, index), name)
    if xmpp.privacy_mode == "deny list" and xmpp.use_static_routes:
        for index, route in enumerate(xmpp.routes):
            if route.domain in xmpp.deny:
                message = f'"{route.domain}" has a static route and stands in the deny list'
                reader.problem((*_PATH, "route", index, "domain"), message, "take it out of one of them")


def _own_name(reader: Reader, path: Path, name: Any) -> None:
    reader.problem(path, f'"{name}" is our own: partners are meant here', "take it out, or out of [xmpp] domains")
