"""What the configurations of all live edges begin with: one certificate, a listener for TCP and one for TLS."""

from __future__ import annotations

HEAD = """\
[edge]
workers = 1
system_name = "edge.example.com"
domains = ["near.example"]
dialplans = ["edge.dialplan"]

[tls]
trusted = "%(trusted)s"

[[tls.server]]
certificate = "%(certificate)s"
key = "%(key)s"

[[listener]]
name = "tcp"
address = "%(edge)s"
port = 5060
transport = "TCP"

[[listener]]
name = "tls"
address = "%(edge)s"
port = 5061

[[zone]]
type = "default"
[zone.rate]
messages_per_second = 0
per_peer = 0
per_domain = 0
subscribe_targets = 0

"""
"""``edge``, ``trusted``, ``certificate`` and ``key`` are to be filled in. Strangers have no rates."""
