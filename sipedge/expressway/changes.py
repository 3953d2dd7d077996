"""What has changed in a box's settings, by the names of things: their numbers shift when one of them goes."""

from __future__ import annotations

from collections.abc import Mapping

from dialplan.importers.xconfiguration import Dump

_THINGS = (
    ("Zones Policy SearchRules Rule", "Name", "search rule"),
    ("Zones Zone", "Name", "zone"),
    ("Transform", "Priority", "transform of priority"),
    ("SIP Domain", "Name", "domain"),
    ("Authentication Credential", "Name", "credential"),
)
"""(path before the number, the setting that tells one from another, what it is)."""
_SECRET = ("password", "secret", "key")

Settings = dict[str, str]
"""Words -> value."""


def changes(old: Dump, new: Dump) -> list[str]:
    """One sentence for each thing that came or went, and for each other setting with another value."""
    before, after = _things(old), _things(new)
    found: list[str] = []
    for thing in (*before, *(thing for thing in after if thing not in before)):
        if thing not in after:
            found.append(f"{thing} is gone")
        elif thing not in before:
            found.append(f"{thing} is new")
        else:
            found += _values(thing, before[thing], after[thing])
    return found


def _values(thing: str, before: Settings, after: Settings) -> list[str]:
    keys = [key for key in (before | after) if before.get(key) != after.get(key)]
    return [f"{thing}: {key} {_shown(key, before.get(key))} -> {_shown(key, after.get(key))}" for key in keys]


def _shown(key: str, value: str | None) -> str:
    if value is None:
        return "(none)"
    return "(not shown)" if value and any(word in key.casefold() for word in _SECRET) else f'"{value}"'


def _things(dump: Dump) -> Mapping[str, Settings]:
    """``zone "A"`` -> its settings; what is no such thing stands below "settings"."""
    names: dict[str, str] = {}
    for path, key, what in _THINGS:
        for number in dump.indexes(path):
            place = f"{path} {number} ".casefold()
            name = f'{what} "{dump.under(path, str(number)).text(key)}"'
            names[place] = name if name not in names.values() else f"{name} (number {number})"
    things: dict[str, Settings] = {}
    for setting in dump.settings:
        name = setting.name
        starts = [place for place in _starts(setting.path) if place in names]
        if starts:
            things.setdefault(names[starts[0]], {})[name[len(starts[0]) :]] = setting.value
        else:
            things.setdefault("settings", {})[name] = setting.value
    return things


def _starts(path: tuple[str, ...]) -> list[str]:
    return [" ".join(path[:end]).casefold() + " " for end in range(1, len(path))]
