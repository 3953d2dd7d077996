"""The edge of the live fuzz: strangers outside, two neighbours inside, rules that say what may go there."""

from __future__ import annotations

from dataclasses import dataclass

from tools.live.setting import HEAD

TCP_PORT, TLS_PORT = 5060, 5061


@dataclass(frozen=True)
class Places:
    """An address for each party."""

    edge: str
    stranger: str
    """Speaks nonsense: over TCP a neighbour, over TLS somebody of the Default Zone."""
    honest: str
    inside: str
    """Answers as it should."""
    wild: str
    """Answers nonsense."""


DIALPLAN = "".join(
    f"""
search rule "{zone}" {{
    priority {number}
    mode alias pattern match
    pattern type regex
    pattern ".*@{host}\\.example"
    behavior leave
    on successful match stop
    target zone "{zone}"
}}
"""
    for number, (host, zone) in enumerate((("far", "inside"), ("wild", "wild")), 1)
)

CONFIG = (
    HEAD
    + """\
[[zone]]
name = "outside"
type = "neighbor"
transport = "TCP"
port = 5060
peers = ["%(stranger)s"]
monitor = false
proxy_require_strip = ["privacy"]
border = true

[[zone]]
name = "honest"
type = "neighbor"
transport = "TCP"
port = 5060
peers = ["%(honest)s"]
monitor = false

[[zone]]
name = "inside"
type = "neighbor"
transport = "TCP"
port = 5060
peers = ["%(inside)s"]
monitor = false

[[zone]]
name = "wild"
type = "neighbor"
transport = "TCP"
port = 5060
peers = ["%(wild)s"]
monitor = false

[limits]
ban_after = 0
"""
)
