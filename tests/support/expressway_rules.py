"""An Expressway's transforms and search rules evaluated a second time, on the fields of the dump themselves.

By Cisco's Expressway Administrator Guide, "Dial plan and call processing", and by nothing of this project.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address

from dialplan.model import Query, Traffic

DOMAINS = ("uc.local", "corp.example")
ADDRESS = "192.0.2.1"
NAMES = {"LocalZone": "Local Zone", "DefaultZone": "Default Zone"}
"""Zones by their names in the dump."""


def _pattern_matches(kind: str, pattern: str, alias: str) -> re.Match[str] | None:
    """The whole alias must match, case aside; variables become alternations before."""
    pieces = {"%localdomains%": DOMAINS, "%localdomain1%": DOMAINS[:1], "%ip%": (ADDRESS,), "%systemname%": ("expc",)}
    expression = ""
    for part in re.split(r"(%\w+%)", pattern):
        if part in pieces:
            expression += "(?:" + "|".join(map(re.escape, pieces[part])) + ")"
        else:
            expression += part if kind == "Regex" else re.escape(part)
    before, behind = ("(.*)" if kind == "Suffix" else ""), ("(.*)" if kind == "Prefix" else "")
    return re.fullmatch(before + expression + behind, alias, re.IGNORECASE)


def _behave(fields: Mapping[str, str], match: re.Match[str], alias: str) -> str:
    """Strip and replace change the matched end (prefix, suffix) or the whole alias."""
    kind, text = fields["Pattern Type"], fields.get("Pattern Replace", "")
    behavior = fields["Pattern Behavior"]
    if behavior == "Leave":
        return alias
    if behavior in ("AddPrefix", "AddSuffix"):
        return text + alias if behavior == "AddPrefix" else alias + text
    if kind == "Regex":
        return re.sub(r"\\(\d)", lambda group: match[int(group[1])] or "", text)
    text = text if behavior == "Replace" else ""
    return {"Exact": lambda: text, "Prefix": lambda: text + match[1], "Suffix": lambda: match[1] + text}[kind]()


def _is_ip(alias: str) -> bool:
    try:
        ip_address(alias)
    except ValueError:
        return False
    return True


TRAFFIC_TYPES = {
    "Any": set(Traffic),
    "Standard": {Traffic.STANDARD},
    "Any Microsoft": set(Traffic) - {Traffic.STANDARD},
    "Microsoft SIP": {Traffic.MICROSOFT_AV, Traffic.MICROSOFT_SHARE},
    "Microsoft IM and Presence": {Traffic.MICROSOFT_IMP},
    "MS IM&P": {Traffic.MICROSOFT_IMP},
    "All Sip Variants": set(Traffic),
}


def _applies(fields: Mapping[str, str], alias: str, query: Query) -> bool:
    """State, protocol, traffic type, source and authentication."""
    if fields["State"] == "Disabled" or fields["Protocol"] == "H323":
        return False
    if query.traffic not in TRAFFIC_TYPES[fields["SIPTrafficType"]]:
        return False
    source = fields["Source Mode"]
    if (
        source == "AllZones"
        and query.source == "Default Zone"
        or source == "LocalZone"
        and query.source != "Local Zone"
    ):
        return False
    if source == "Named" and NAMES.get(fields["Source Name"], fields["Source Name"]) != query.source:
        return False
    return query.authenticated or fields["Authentication"] == "No"


def evaluate(
    transforms: list[dict[str, str]], rules: list[dict[str, str]], query: Query
) -> tuple[str, list[tuple[int, bool, set[tuple[str, str]]]]]:
    """At most one transform; tiers by priority up to the first with a Stop."""
    alias = query.alias
    for fields in sorted(transforms, key=lambda transform: int(transform["Priority"])):
        match = _pattern_matches(fields["Pattern Type"], fields["Pattern String"], alias)
        if fields["State"] == "Enabled" and match:
            alias = _behave(fields, match, alias)
            break
    tiers = []
    for priority in sorted({int(fields["Priority"]) for fields in rules}):
        targets, stop = set(), False
        for fields in rules:
            if int(fields["Priority"]) != priority or not _applies(fields, alias, query):
                continue
            result = alias
            if fields["Mode"] == "AliasPatternMatch":
                match = _pattern_matches(fields["Pattern Type"], fields["Pattern String"], alias)
                if match is None:
                    continue
                result = _behave(fields, match, alias)
            elif _is_ip(alias) is not (fields["Mode"] == "AnyIPAddress"):
                continue
            targets.add((NAMES.get(fields["Target Name"], fields["Target Name"]), result))
            stop = stop or fields["Progress"] == "Stop"
        if targets:
            tiers.append((priority, stop, targets))
        if stop:
            break
    return alias, tiers
