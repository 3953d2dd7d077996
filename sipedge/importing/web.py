"""TURN and the web proxy for Meeting Server of an Expressway -> ``[turn]`` and ``[web]``.

``Traversal Server TURN`` is named in Cisco's administrator guide. How a dump names the web proxy is published nowhere:
a setting about it that holds a host name is taken as the guest account client URI, and the report says so.
"""

from __future__ import annotations

from dialplan.importers.xconfiguration import Dump, Remark, Setting
from zones.names import host_name

from .edge import Box
from .toml import Table, Value

TURN_PASSWORD = "turn.password"
TURN = "Traversal Server TURN"
NO_ADDRESS = "192.0.2.1"
"""A stand-in (RFC 5737): nobody has it."""
_ABOUT = ("cms", "meetingserver", "meeting server", "guestaccount", "guest account")


def turn_tables(dump: Dump, box: Box) -> list[Table]:
    """None, or two: ``[turn]`` and its user, whose password is in TURN_PASSWORD."""
    view = dump.under(TURN)
    if not view.on("Enabled"):
        return []
    realm = host_name(view.text("Authentication Realm").strip()) or box.host_name
    keys: dict[str, Value] = {"address": _address(box), "realm": realm}
    if (port := _number(view.text("Port"))) not in (0, 3478):
        keys["port"] = port
    ports = [_number(view.text("Media Port Start")), _number(view.text("Media Port End"))]
    if all(ports):
        keys["ports"] = ports
    turn = Table("[turn]", keys)
    if keys["address"] == NO_ADDRESS:
        turn.notes["address"] = "a stand-in: write the edge's own address"
    user = Table("[[turn.user]]", {"username": "turnuser", "password_file": TURN_PASSWORD})
    user.notes["username"] = "as the Meeting Server has it (turnServers): a dump does not say which account that is"
    text = "TURN is on: write the Meeting Server's account under [[turn.user]], and its address into allow_peers"
    box.remarks.append(Remark(view.line("Enabled"), text))
    return [turn, user]


def guest_uris(dump: Dump) -> list[Setting]:
    """Settings that seem to hold one; they count as used from now on."""
    found = [setting for setting in dump.unused() if _is_about(setting) and "." in host_name(setting.value.strip())]
    for setting in found:
        dump.take(setting.name)
    return found


def web_tables(settings: list[Setting], box: Box) -> list[Table]:
    """``settings``: from ``guest_uris``."""
    if not settings:
        return []
    web = Table("[web]", {"address": _address(box)})
    web.comments = ["Belongs to the edge that browsers reach from outside, as on an Expressway-E."]
    if web.keys["address"] == NO_ADDRESS:
        web.notes["address"] = "a stand-in: write the address that browsers connect to"
    for setting in settings:
        text = f'"{setting.name}" is taken as the guest account client URI of the web proxy for Meeting Server'
        box.remarks.append(Remark(setting.line, text))
    names = dict.fromkeys(host_name(setting.value.strip()).lower() for setting in settings)
    return [web, *(Table("[[web.meeting_server]]", {"guest_uri": name}) for name in names)]


def _is_about(setting: Setting) -> bool:
    name = setting.name.casefold()
    return any(words in name for words in _ABOUT)


def _address(box: Box) -> str:
    return next((address for address in box.addresses if ":" not in address), NO_ADDRESS)


def _number(text: str) -> int:
    """0 for what is no port."""
    return int(text) if text.isascii() and text.isdigit() and int(text[:6]) < 65536 else 0
