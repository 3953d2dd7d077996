"""What should worry somebody now, from how the edge is and how the console does: values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sipedge.control.values import StatusJson, ZoneJson
from sipedge.control.words import short

MOST_PROBLEMS = 3
"""Of a reload, in its alarm; the log has all."""
DAYS_LEFT = 30
"""Of a certificate."""


@dataclass(frozen=True, slots=True)
class Condition:
    key: str
    """The same as long as it is the same trouble."""
    text: str
    """One sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What there is to judge."""

    status: StatusJson | None
    problem: str
    """Why there is no status; '' before the first look."""
    history: str
    """Why the history does not grow; ''."""
    damaged: tuple[str, ...] = ()
    """Segments of the history that cannot be read, each with why."""
    lost: int
    """Decisions that were rotated away before they were read, since the console began."""
    unread: int
    """Lines of the file of decisions that were none."""
    rooms: Mapping[str, float]
    """Folder -> percent of its file system that is free."""
    least: float
    """Of that; 0: nobody cares."""


def conditions(seen: Seen) -> list[Condition]:
    found = list(_of_console(seen))
    return [*found, *_of_edge(seen.status)] if seen.status else found


def _of_console(seen: Seen) -> Iterator[Condition]:
    if seen.problem:
        yield Condition("edge", f"The edge does not answer: {seen.problem}")
    if seen.history:
        yield Condition("history", seen.history[:1].upper() + seen.history[1:])
    for segment in seen.damaged:
        yield Condition(f"history {segment}", f"A part of the history cannot be read, and is left out: {segment}")
    if seen.unread:
        yield Condition("history unread", f"{seen.unread} lines of the file of decisions are no decisions")
    for folder, free in seen.rooms.items():
        if free < seen.least:
            yield Condition(f"disk {folder}", f"The disk of {folder} is nearly full: {free:.1f} % are free")
    if seen.lost:
        yield Condition("history lost", f"{seen.lost} decisions were put aside by the edge before they could be read")


def _of_edge(status: StatusJson) -> Iterator[Condition]:
    for zone in status["zones"]:
        yield from _of_zone(zone)
    for certificate in status["certificates"]:
        days = certificate["days_left"]
        if days < DAYS_LEFT:
            when = f"ends in {days:.0f} days" if days >= 0 else f"ended {-days:.0f} days ago"
            yield Condition(f"certificate {certificate['file']}", f"The certificate {certificate['file']} {when}")
    for output, number in status["dropped"].items():
        if number:
            yield Condition(f"lost {output}", f"The edge has lost {number} lines of {output}")
    for service in status["services"]:
        if not service["active"]:
            name = service["name"]
            yield Condition(
                f"service {name}", f"The server {name} is not active: {service['reason'] or 'it is starting'}"
            )
    if refused := status["refused_load"]:
        mistakes = (each.partition("\n")[0] for each in refused["problems"][:MOST_PROBLEMS])
        why = "; ".join([refused["sentence"], *mistakes])
        yield Condition("load", f"The last reload has changed nothing: {why}")
    for finding in status["doctor"]:
        key = f"doctor {finding['check']} {finding['about']}"
        wanted = f", expected: {finding['expected']}" if finding["expected"] else ""
        yield Condition(key, f"Doctor: {finding['check']} of {finding['about']}: {finding['seen']}{wanted}")
    if back := status["went_back"]:
        text = f"Revision {short(back['revision'])} was on trial and is undone: {back['why']}"
        yield Condition(f"undone {back['revision']} {back['at']}", text)
    if status["unconfirmed"]:
        yield Condition("trial", "What is in force is on trial: nobody has confirmed it yet")


def _of_zone(zone: ZoneJson) -> Iterator[Condition]:
    name = zone["name"]
    for peer in zone["peers"]:
        if peer["state"] in ("failed", "retrying", "waiting"):
            why = f": {peer['problem']}" if peer["problem"] else ""
            yield Condition(f"peer {name} {peer['peer']}", f'Peer {peer["peer"]} of zone "{name}" does not answer{why}')
    if zone["up"] is False:
        yield Condition(f"zone {name}", f'No connection of traversal zone "{name}" is up')
    for problem in zone["problems"]:
        yield Condition(f"name {name} {problem}", f'Zone "{name}": {problem}')
