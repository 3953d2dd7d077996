"""Rules whose conditions no request meets: their source sends nothing, or no such traffic."""

from __future__ import annotations

from collections.abc import Iterator

from dialplan.analysis import SymbolicRule
from dialplan.check.witnesses.context import Context
from dialplan.check.witnesses.finding import Finding, FindingId, Level
from dialplan.model import LOCAL_ZONE, Protocol


def conditions(context: Context) -> Iterator[Finding]:
    for rule in context.rules:
        if rule.rule.protocol is Protocol.H323:
            yield _finding(
                "h323-only", rule, "protocol", "asks for H.323, which this edge does not speak", "write protocol SIP"
            )
        elif context.known_zones and not context.mask(rule):
            yield _never(context, rule)
        if context.known_zones and rule.rule.target == LOCAL_ZONE:
            why = "sends to the Local Zone, where nothing registers: its requests end with 404"
            yield _finding("dead-target", rule, "target", why, "write the zone that the users are behind")


def _never(context: Context, rule: SymbolicRule) -> Finding:
    """The finding about a rule whose conditions no zone meets."""
    senders = [sender for sender in context.senders if rule.admits_source(sender.name)]
    if not any(sender.sends for sender in senders):
        silent = next((sender.silent for sender in senders if sender.silent), "no zone that it names sends requests")
        why = f"can never be met: {silent}"
        return _finding("source-never-sends", rule, "source", why, "write the zone that the requests come from")
    if rule.rule.authenticated and not any(True in sender.authenticated for sender in senders):
        return _finding(
            "never-authenticated",
            rule,
            "authenticated",
            "asks for authenticated requests, but none from its source ever is: partners have no account here",
            "write authenticated no, or have the zone trust its peer",
        )
    why = f'asks for traffic "{rule.rule.traffic_type.value}", which its source never sends'
    return _finding("source-never-sends", rule, "traffic type", why, "write the traffic type that the zone does send")


def _finding(finding_id: FindingId, rule: SymbolicRule, field: str, why: str, mend: str) -> Finding:
    place = rule.rule.places.get(field, rule.rule.location)
    return Finding(finding_id, Level.WARNING, place, f'search rule "{rule.rule.name}" {why}', mend, rule.rule.name)
