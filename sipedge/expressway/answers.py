"""What the REST API answers -> settings as ``xConfiguration`` has them, so that one import reads both.

The paths and the keys of search rules, of SIP settings and of the zones for mobile and remote access were seen in
real answers that public clients print. Keys of other zones and of transforms are inferred: the words of the
command reference, written as one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from dialplan.importers.xconfiguration import Dump, Setting

from .fields import PATH, RULE_FIELDS, RuleField, letters

Record = Mapping[str, object]
"""One JSON object."""
Answers = Mapping[str, Sequence[Record]]
"""Path below the API's root -> the objects there."""
Words = tuple[str, str]
"""(the words of a setting, its value)."""

TRANSFORMS, DOMAINS, CREDENTIALS = "common/transform", "common/domain", "common/credential"
SIP = "common/protocol/sip/configuration"
ZONES: Mapping[str, tuple[str, bool]] = {
    "common/zone/neighborzone": ("Neighbor", False),
    "common/zone/dnszone": ("DNS", False),
    "controller/zone/traversalclient": ("TraversalClient", False),
    "edge/zone/traversalserver": ("TraversalServer", False),
    "controller/zone/unifiedcommunicationstraversal": ("TraversalClient", True),
    "edge/zone/unifiedcommunicationstraversal": ("TraversalServer", True),
}
"""Path -> (``Type`` of the zones there, whether they are for mobile and remote access)."""
NEEDED = (PATH, "common/zone/neighborzone", DOMAINS, SIP)
"""Both kinds of box have them; a box without one cannot be read."""
OPTIONAL = (TRANSFORMS, CREDENTIALS, *(path for path in ZONES if path not in NEEDED))

COVERED = (
    "Zones Policy SearchRules",
    "Transform",
    "Transforms",
    "Zones Zone",
    "SIP Domain",
    "SIP Domains",
    "SIP Mode",
    "SIP UDP",
    "SIP TCP",
    "SIP TLS",
)
"""Settings that are the API's: a dump's are not looked at."""
NOT_GIVEN = (
    ("Zones DefaultZone", "the Default Zone and its access rules"),
    ("Policy AdministratorPolicy", "Call Policy"),
    ("IP DNS", "host name and name servers"),
    ("Ethernet", "own addresses, which %ip% stands for"),
    ("SystemUnit", "the system name"),
)
"""(where it stands in ``xConfiguration``, what the API does not give)."""

_TRANSFORM_WORDS = (
    "Description",
    "Priority",
    "Pattern Type",
    "Pattern String",
    "Pattern Behavior",
    "Pattern Replace",
    "State",
)
_ZONE_WORDS = ("Name", "HopCount", "SIP Mode", "H323 Mode")
_INNER_WORDS = (
    "Authentication Mode",
    "Authentication UserName",
    "IncludeAddressRecord",
    "Monitor",
    "RetryInterval",
    "SIP Authentication Trust Mode",
    "SIP ClassFiveResponseLiveness",
    "SIP Default Transport",
    "SIP DnsOverride Name",
    "SIP DnsOverride Override",
    "SIP Poison Mode",
    "SIP Port",
    "SIP ProxyRequire Strip List",
    "SIP Record Route Address Type",
    "SIP TLS Verify InboundClassification",
    "SIP TLS Verify Mode",
    "SIP TLS Verify Subject Name",
    "SIP Transport",
)
_OTHER_KEYS = {
    "replacestring": "Pattern Replace",
    "sippreloadedsiproutessupport": "SIP PreloadedSipRoutes Accept",
    "tcpoutboundportstart": "TCP Outbound Port Start",
    "tcpoutboundportend": "TCP Outbound Port End",
}
"""Where the key is not the words written as one."""
_SIP_WORDS = ("UDP Mode", "UDP Port", "TCP Mode", "TCP Port", "TLS Mode", "TLS Port")
_PEERS, _STATUS = "peeraddress", "status"


def dump_of(answers: Answers, host: str, dump: Dump | None = None) -> Dump:
    """``dump``: what the box printed for ``xConfiguration``, for what the API does not give. ``host``: its name."""
    lines = list(_lines(answers))
    if dump is not None:
        lines += [(setting.name, setting.value) for setting in dump.settings if not _is_covered(setting)]
    if host and not any(words.casefold().startswith("ip dns hostname") for words, _ in lines):
        lines.append(("IP DNS Hostname", host))
    result = Dump()
    for number, (words, value) in enumerate(lines, start=1):
        result.add(Setting(tuple(words.split()), value, number))
    if dump is not None:
        result.cut_off += [path for path in dump.cut_off if not _is_covered(Setting(path, "", 0))]
    return result


def dump_text(dump: Dump) -> str:
    """As the box would print it; line N holds the setting of line N."""
    return "".join(f'xConfiguration {setting.name}: "{setting.value}"\n' for setting in dump.settings)


def not_given(dump: Dump | None) -> list[str]:
    """What is missing when the API is asked alone, or with a dump."""
    return [what for words, what in NOT_GIVEN if dump is None or not dump.line(words)]


def _lines(answers: Answers) -> Iterator[Words]:
    for number, record in enumerate(answers.get(PATH, ()), start=1):
        yield from _below(f"Zones Policy SearchRules Rule {number}", _rule(record))
    for number, record in enumerate(answers.get(TRANSFORMS, ()), start=1):
        yield from _below(f"Transform {number}", _by_words(record, _TRANSFORM_WORDS))
    zones = [(record, *kind) for path, kind in ZONES.items() for record in answers.get(path, ())]
    for number, (record, kind, access) in enumerate(zones, start=1):
        yield from _below(f"Zones Zone {number}", _zone(record, kind, access))
    for number, record in enumerate(answers.get(DOMAINS, ()), start=1):
        yield from _below(f"SIP Domain {number}", _by_words(record, ("Name",)))
    for record in answers.get(SIP, ()):
        yield from _below("SIP", _sip(record))
    for number, record in enumerate(answers.get(CREDENTIALS, ()), start=1):
        yield from _below(f"Authentication Credential {number}", _by_words(record, ("Name",)))


def _below(prefix: str, lines: Iterable[Words]) -> Iterator[Words]:
    return ((f"{prefix} {words}", value) for words, value in lines)


def _rule(record: Record) -> Iterator[Words]:
    fields = {letters(field.key): field for field in RULE_FIELDS}
    for key, value in record.items():
        field = fields.get(letters(key))
        if field is None:
            yield _one_word(key), _text(value)
        else:
            yield field.words, _known(field, _text(value))


def _known(field: RuleField, text: str) -> str:
    """A word of the vocabulary as the import reads it; any other as it is, so that the import says so."""
    if field.values is None or field.meaning(text) is None:
        return text
    return next(word for word in field.values if letters(word) == letters(text))


def _by_words(record: Record, known: Sequence[str]) -> Iterator[Words]:
    words = {letters(each): each for each in known} | _OTHER_KEYS
    for key, value in record.items():
        yield words.get(letters(key), _one_word(key)), _text(value)


def _zone(record: Record, kind: str, access: bool) -> Iterator[Words]:
    yield "Type", kind
    if access:
        yield f"{kind} Collaboration Edge", "On"
    outer = {letters(words) for words in _ZONE_WORDS}
    for key, value in record.items():
        if letters(key) == _PEERS:
            peers = value if isinstance(value, list) else [value]
            yield from ((f"{kind} Peer {at} Address", _text(peer)) for at, peer in enumerate(peers, start=1))
        elif letters(key) in outer:
            yield from _by_words({key: value}, _ZONE_WORDS)
        elif letters(key) != _STATUS:
            yield from _below(kind, _by_words({key: value}, _INNER_WORDS))


def _sip(record: Record) -> Iterator[Words]:
    for words, value in _by_words(record, _SIP_WORDS):
        yield ("Mode" if letters(words) == "sipmode" else words), value


def _one_word(key: str) -> str:
    """A key of JSON as one word of a path."""
    return "".join(character if character.isalnum() else "_" for character in key)[:80] or "_"


def _text(value: object) -> str:
    """A value on one line."""
    text = value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
    return "".join(character if character.isprintable() else " " for character in text)


def _is_covered(setting: Setting) -> bool:
    words = [word.casefold() for word in setting.path]
    return any(words[: len(path)] == path for path in (covered.casefold().split() for covered in COVERED))
