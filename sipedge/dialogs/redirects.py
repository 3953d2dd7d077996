"""Where a 3xx leads (RFC 3261 8.1.3.4, 20.10)."""

from __future__ import annotations

from dataclasses import replace

from dialplan.model import Target, Tier
from sipedge.decision.deciding import Decided, tiers_of
from sipedge.decision.routing import alias_of_uri
from sipedge.settings import Settings
from sipedge.sip.message import Message
from sipedge.sip.uri import Uri, UriError, parse_uri
from sipedge.sip.values import parse_address, split_commas

MOST = 5
"""Contacts that are tried for one call."""


def targets(response: Message, scheme: str) -> list[Uri]:
    """The Contacts of a 3xx that are URIs of this scheme, the likeliest first."""
    found: list[tuple[float, Uri]] = []
    for value in response.values("contact") if "contact" in response.index else ():
        for item in split_commas(value):
            address = parse_address(item)
            try:
                uri = parse_uri(address.uri.partition("?")[0])
            except UriError:
                continue
            if uri.scheme == scheme:
                found.append((_preference(dict(address.parameters).get("q") or ""), uri))
    return [uri for _, uri in sorted(found, key=lambda pair: -pair[0])]


def followed(response: Message, visited: set[str], decided: Decided, settings: Settings) -> list[Tier]:
    """What to try because of a 3xx; ``visited``: URIs that were tried before, and are from now on."""
    tiers: list[Tier] = []
    for uri in targets(response, decided.routes.uri.scheme) if decided.routes.foreign is None else ():
        if uri.text not in visited and len(visited) < MOST:
            visited.add(uri.text)
            tiers += tiers_towards(uri, decided, settings)
    return tiers


def tiers_towards(uri: Uri, decided: Decided, settings: Settings) -> list[Tier]:
    """What the rules say to a Contact, for who sent ``decided``; a target whose alias they leave gets the whole URI.

    Stop ends the search for this Contact: the next one comes all the same.
    """
    alias = alias_of_uri(uri, settings.keep_uri_parameters, settings.undo_escapes)
    whole = uri.text.partition(":")[2]
    tiers, _ = tiers_of(replace(decided, alias=alias, also=""), settings)
    last = next((number for number, tier in enumerate(tiers, 1) if tier.stop), len(tiers))
    return [
        Tier(tier.priority, False, tuple(_towards(each, alias, whole) for each in tier.targets))
        for tier in tiers[:last]
    ]


def _towards(target: Target, alias: str, whole: str) -> Target:
    return replace(target, alias=whole) if target.alias == alias else target


def _preference(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 1.0
