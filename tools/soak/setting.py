"""The configuration of the edge under load: a zone for each peer, short times, one file of messages."""

from __future__ import annotations

from tools.live.setting import HEAD

CONFIG = (
    HEAD
    + """\
[[zone]]
name = "calm caller"
type = "neighbor"
transport = "TCP"
port = 5060
peers = ["%(calm_caller)s"]
monitor = false

[[zone]]
name = "calm callee"
type = "neighbor"
transport = "TCP"
port = 5060
peers = ["%(calm_callee)s"]
monitor = false

[[zone]]
name = "caller"
type = "neighbor"
transport = "TCP"
port = 5060
peers = ["%(caller)s"]
monitor = false

[[zone]]
name = "callee"
type = "neighbor"
transport = "TCP"
port = 5060
peers = ["%(callee)s"]
monitor = false

[[zone]]
name = "tls caller"
type = "neighbor"
peers = ["%(tls_caller)s"]
monitor = false

[[zone]]
name = "tls callee"
type = "neighbor"
peers = ["%(tls_callee)s"]
monitor = false

[[zone]]
name = "net"
type = "dns"
transport = "TCP"
fallback_transport = "TCP"
allow_loopback = true

[limits]
ban_after = 0
heartbeat = 1
drain = 2
send_queue = 100000

[dns]
servers = ["%(names)s:5353"]
timeout = 1
attempts = 1

[log]
messages = "%(messages)s"
rotate_size = 10000000
rotate_count = 2
"""
)


MESSAGES = CONFIG[CONFIG.index("[log]") :]


def of_workers(number: int) -> str:
    """The configuration of an edge of several workers, which write no file of messages."""
    several = CONFIG.replace("workers = 1\n", f"workers = {number}\n", 1)
    return CONFIG if number == 1 else several.replace(MESSAGES, "")


def _rule(number: int, pattern: str, zone: str) -> str:
    return f"""\
search rule "{zone}" {{
    priority {number}
    mode alias pattern match
    pattern type regex
    pattern "{pattern}"
    behavior leave
    on successful match stop
    target zone "{zone}"
}}
"""


DIALPLAN = (
    _rule(1, r".*@calm\.example", "calm callee")
    + _rule(2, r".*@far\.example", "callee")
    + _rule(3, r".*@tls\.example", "tls callee")
    + _rule(4, r".*@[^@]*\.dns\.example", "net")
)
