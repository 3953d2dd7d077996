"""The diagnostic log of a Cisco Expressway, for the tools that people have for it.

    2026-03-24T11:54:26.106+00:00 edge tvcs: UTCTime="2026-03-24 11:54:26,106" Module="network.sip" Level="DEBUG":
    Action="Received" Local-ip="192.0.2.1" Local-port="5061" Src-ip="192.0.2.2" Src-port="40112" Msg-Hash="1165..."
     SIPMSG:
     |OPTIONS sip:edge.example.com SIP/2.0
     Via: ...
     |

The first two lines stand on one. Search rules are logged in the box's words; rules that the box passes over in silence
(disabled, or behind a Stop) are not logged. Where the message was sent, the other side's address is Dst-ip.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from hashlib import blake2b

from dialplan.model import RuleOutcome, Target
from dialplan.search.search import Explanation

from .items import Decided, Item, ItemKind, Part, Passed
from .masking import masked
from .rotating_file import RotatingFile

_UNSAID = frozenset({RuleOutcome.MATCHED, RuleOutcome.DISABLED, RuleOutcome.STOPPED})
_IGNORED = {
    RuleOutcome.SOURCE: "source",
    RuleOutcome.TRAFFIC: "SIP variant",
    RuleOutcome.PROTOCOL: "protocol",
    RuleOutcome.AUTHENTICATION: "authentication",
}
"""Source is the box's own word; the others follow its pattern."""
MOST_RULES = 200
"""Of longer plans only the rules that apply are logged: the others would take longer than the decision did."""
_PLAIN = {code: None for code in range(32) if code not in (9, 10)} | {127: None}


class ExpresswayFile:
    takes = frozenset({ItemKind.MESSAGE, ItemKind.SEARCHED})

    def __init__(self, file: RotatingFile, host: str, mask: bool) -> None:
        """``host``: the name of this edge in each line."""
        self.name = f"diagnostic file {file.path}"
        self._file, self._host, self._mask = file, host, mask
        self.open, self.close = file.open, file.close

    def render(self, item: Item) -> bytes | None:
        if type(item) is Passed:
            return self._message(item).encode()
        assert type(item) is Decided
        if item.entry.explanation is None:
            return None
        prefix = self._prefix(item.entry.time, "network.search")
        return "".join(f'{prefix} Detail="{text}"\n' for text in _search(item.entry.explanation)).encode()

    def write(self, parts: Sequence[Part]) -> int:
        self._file.write(parts)
        return 0

    def _prefix(self, time: float, module: str) -> str:
        moment = datetime.fromtimestamp(time, UTC)
        day, clock, ms = f"{moment:%Y-%m-%d}", f"{moment:%H:%M:%S}", f"{moment.microsecond // 1000:03d}"
        return (
            f'{day}T{clock}.{ms}+00:00 {self._host} tvcs: UTCTime="{day} {clock},{ms}" Module="{module}" Level="DEBUG":'
        )

    def _message(self, item: Passed) -> str:
        opened = item.opened
        action, other = ("Sent", "Dst") if item.sent else ("Received", "Src")
        digest = int.from_bytes(blake2b(item.head + item.body, digest_size=8).digest(), "big")
        data = (masked(item.head) if self._mask else item.head) + item.body
        return (
            f'{self._prefix(item.time, "network.sip")}  Action="{action}" '
            f'Local-ip="{opened.local_address}" Local-port="{opened.local_port}" '
            f'{other}-ip="{opened.peer_address}" {other}-port="{opened.peer_port}" Msg-Hash="{digest}"\n'
            f" SIPMSG:\n |{_indented(data)}\n |\n"
        )


def _indented(data: bytes) -> str:
    """Every line but the first with one blank in front, so that no peer can write a line of the log."""
    text = data.decode("utf-8", "backslashreplace").translate(_PLAIN)
    return text.replace("\n", "\n ")


def _search(explanation: Explanation) -> Iterator[str]:
    """One sentence for each rule that the box would speak of; of long plans only for those that apply."""
    if len(explanation.plan.rules) > MOST_RULES:
        for tier in explanation.tiers:
            yield from (_considering(target, tier.priority) for target in tier.targets)
        return
    alias = _quoted(explanation.searched)
    targets = {target.rule: target for tier in explanation.tiers for target in tier.targets}
    for entry in explanation.trace:
        target = targets.get(entry.rule)
        if target is not None:
            yield _considering(target, entry.priority)
        elif entry.outcome in _IGNORED:
            yield f"Search rule '{_quoted(entry.rule)}' ignored due to {_IGNORED[entry.outcome]} filtering"
        elif entry.outcome not in _UNSAID:
            yield f"Search rule '{_quoted(entry.rule)}' did not match destination alias '{alias}'"


def _considering(target: Target, priority: int) -> str:
    return (
        f"Considering search rule '{_quoted(target.rule)}' towards target '{_quoted(target.zone)}' "
        f"at priority '{priority}' with alias '{_quoted(target.alias)}'"
    )


def _quoted(text: str) -> str:
    """Inside Detail="...": nothing that ends the value or the line."""
    return "".join(c if c.isprintable() and c != '"' else "?" for c in text)
