"""The table ``[web]`` with ``[[web.meeting_server]]`` and ``[[web.publish]]``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sipedge.web_settings import MeetingServer, Publish, Web
from zones.addresses import canonical_address

from ..reading.files import check_trusted, in_folder_of
from ..reading.positions import Path
from ..reading.problems import did_you_mean
from ..reading.reader import Reader
from ..reading.web_schema import MEETING_SERVER, PUBLISH, WEB

_PATH: Path = ("web",)


def read_web(reader: Reader) -> Web | None:
    """None when there is no such table, or nothing in it can be used; what is wrong is reported."""
    if "web" not in reader.data:
        return None
    table = reader.validate(WEB, reader.table("web"), _PATH, "[web]")
    if table is None:
        return None
    meeting_servers = [(path, MeetingServer(**fields)) for path, fields in _tables(reader, "meeting_server")]
    rules = [(path, Publish(**fields)) for path, fields in _tables(reader, "publish")]
    if not meeting_servers and not rules and not reader.problems:
        hint = "add [[web.meeting_server]] or [[web.publish]], or take [web] out"
        reader.problem(_PATH, "[web] publishes nothing", hint, at_key=True)
    _check_names(reader, meeting_servers, rules)
    _check_servers(reader, rules)
    _check_backups(reader, rules)
    web = Web(**table.model_dump(exclude={"meeting_server", "publish"}))
    if web.trusted:
        web = replace(web, trusted=in_folder_of(reader.file, web.trusted))
        check_trusted(reader, (*_PATH, "trusted"), web.trusted)
    return replace(
        web,
        folder=engine_folder(reader, web.folder, ".web"),
        meeting_servers=tuple(entry for _, entry in meeting_servers),
        publish=tuple(rule for _, rule in rules),
    )


def engine_folder(reader: Reader, name: str, suffix: str) -> str:
    """Beside ``edge.toml`` where no other is named: ``edge`` with the suffix. An engine wants it absolute."""
    beside = os.path.splitext(reader.file)[0] + suffix
    return os.path.abspath(in_folder_of(reader.file, name) if name else beside)


def _tables(reader: Reader, name: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """(path, fields) of those that are right."""
    if name not in reader.table("web"):
        return
    model = MEETING_SERVER if name == "meeting_server" else PUBLISH
    for path, raw in reader.array(name, _PATH):
        table = reader.validate(model, raw, path, f"[[web.{name}]]")
        if table is not None:
            yield path, table.model_dump()


def _check_names(
    reader: Reader, meeting_servers: list[tuple[Path, MeetingServer]], rules: list[tuple[Path, Publish]]
) -> None:
    """A public name leads to one pool, and a rule has a name of its own."""
    names = [((*path, "guest_uri"), entry.guest_uri) for path, entry in meeting_servers]
    names += [
        ((*path, "public_names", index), name) for path, rule in rules for index, name in enumerate(rule.public_names)
    ]
    seen: dict[str, Path] = {}
    for path, name in names:
        if name in seen:
            line = reader.positions.of_value(seen[name])[0]
            hint = f"it stands in line {line} already; a name leads to one pool"
            reader.problem(path, f'"{name}" is published twice', hint)
        seen.setdefault(name, path)
    titles: set[str] = set()
    for path, rule in rules:
        if rule.name.casefold() in titles:
            reader.problem((*path, "name"), f'two rules are called "{rule.name}"', "give each a name of its own")
        titles.add(rule.name.casefold())


def _check_servers(reader: Reader, rules: list[tuple[Path, Publish]]) -> None:
    for path, rule in rules:
        for index, server in enumerate(rule.servers):
            place = (*path, "servers", index)
            if server in rule.servers[:index]:
                reader.problem(place, f'the server "{server}" stands twice', "write each server once")
            if canonical_address(server) and not rule.verify_name:
                hint = 'add verify_name = "...", the name in its certificate, or write its FQDN here'
                reader.problem(place, f'nothing says which name the certificate of "{server}" must have', hint)


def _check_backups(reader: Reader, rules: list[tuple[Path, Publish]]) -> None:
    known = {rule.name for _, rule in rules}
    for path, rule in rules:
        if rule.backup == rule.name:
            reader.problem((*path, "backup"), f'"{rule.name}" is its own backup', "name another rule, or none")
        elif rule.backup and rule.backup not in known:
            hint = did_you_mean(rule.backup, known) or "name the rule whose servers take over"
            reader.problem((*path, "backup"), f'there is no [[web.publish]] with the name "{rule.backup}"', hint)
