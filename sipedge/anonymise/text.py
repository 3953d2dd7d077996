"""Text with its words replaced. Shapes tell protocol from words about people.

``header`` for values of header fields and for URIs: names of parameters, schemes, ports, versions and top-level domains
stay. ``places`` replaces URIs, hosts and addresses only, in text whose other words say nothing of anybody. ``plain``
replaces every word.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from .addresses import Addresses
from .words import Words

_IPV4 = r"(?P<ip4>(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d))"
_IPV6 = r"(?P<ip6>(?<![\w:])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?::\d{1,3}(?:\.\d{1,3}){3})?(?![\w:]))"
_TOP_LEVEL = "com|net|org|edu|gov|mil|int|info|biz|example|test|invalid|localhost|local|lan|internal|arpa|[A-Za-z]{2}"
_KEPT_VALUES = (
    "transport|lr|method|ttl|q|expires|rport|cause|ms-received-port|refresher|charset|"
    "algorithm|qop|version|stale|nc|handling|purpose|branched|call-type|hop-hop|ingress-zone|egress-zone"
)
_HEADER = re.compile(
    rf"{_IPV4}|{_IPV6}"
    r"|(?P<version>SIP/2\.0(?:/\w+)?)"
    rf"|(?P<kept>(?<![\w.-])(?:{_KEPT_VALUES})\s*=\s*(?:\"[^\"]*\"|[^\s;,>\"]*))"
    r"|(?P<phone>(?<=;)user\s*=\s*(?:phone|ip)\b)"
    r"|(?P<name>(?<=[;,\s?&])[\w.!%*+-]+(?=\s*=\s*[^=\s;,])|(?<=;)\s*(?:lr|gruu|ob)(?![\w-]))"
    r"|(?P<scheme>(?<![\w.-])(?:sips?|tel|im|pres|urn|uuid|user|epid|opaque)(?=:))"
    r"|(?P<port>(?<!sip:)(?<!sips:)(?<!tel:)(?<!pres:)(?<=[\w\]]:)\d{1,5}(?![\w.@-]))"
    r"|(?P<cookie>z9hG4bK)"
    rf"|(?P<top>(?<=[\w-]\.)(?:{_TOP_LEVEL})(?![\w@-]|\.\w))"
    r"|(?P<word>[^\W_]+)",
    re.IGNORECASE,
)
_PLACE = re.compile(
    rf"{_IPV4}|{_IPV6}"
    r"|(?P<place>(?<![\w.-])(?:sips?:)?[\w.%+~!*'()&=$,;?/-]+@[\w.-]+|(?<![\w.-])[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}(?![\w-]))",
    re.IGNORECASE,
)
_PLAIN = re.compile(rf"{_IPV4}|{_IPV6}|(?P<word>[^\W_]+)")
_TAG = re.compile(r"<[^>]*>|&#?\w+;")
_ATTRIBUTE = re.compile(r"(?P<name>[\w:.-]+)(?P<sign>\s*=\s*)(?P<value>\"[^\"]*\"|'[^']*')")
_KEPT_ATTRIBUTES = ("xmlns", "version", "encoding", "standalone", "priority", "style")
STATES = frozenset(
    "open closed away busy online offline available type idle active true false presence application text".split()
)
"""Words of presence documents that tell of no one."""


class Text:
    def __init__(self, words: Words, addresses: Addresses) -> None:
        self.words, self.addresses = words, addresses

    def header(self, text: str) -> str:
        return _HEADER.sub(self._part, text)

    def places(self, text: str) -> str:
        return _PLACE.sub(self._part, text)

    def plain(self, text: str) -> str:
        return _PLAIN.sub(self._part, text)

    def markup(self, text: str) -> str:
        """XML and HTML: names of elements and attributes stay, words of presence too."""
        pieces: list[str] = []
        position = 0
        for match in _TAG.finditer(text):
            pieces += (_words_of(text[position : match.start()], self.header), self._tag(match[0]))
            position = match.end()
        pieces.append(_words_of(text[position:], self.header))
        return "".join(pieces)

    def _tag(self, tag: str) -> str:
        return tag if tag.startswith(("<?", "<!", "&")) else _ATTRIBUTE.sub(self._attribute, tag)

    def _attribute(self, match: re.Match[str]) -> str:
        if match["name"].lower().startswith(_KEPT_ATTRIBUTES):
            return match[0]
        return f"{match['name']}{match['sign']}{_words_of(match['value'], self.header)}"

    def _part(self, match: re.Match[str]) -> str:
        kind, text = match.lastgroup, match[0]
        if kind == "word":
            return self.words(text)
        if kind in ("ip4", "ip6"):
            return self.addresses(text)
        return self.header(text) if kind == "place" else text


def _words_of(text: str, replace: Callable[[str], str]) -> str:
    return text if text.strip("\"' \t\r\n").lower() in STATES else replace(text)
