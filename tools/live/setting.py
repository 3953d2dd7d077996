"""What the configurations of all live edges begin with: one certificate, a listener for TCP and one for TLS."""

from __future__ import annotations

HEAD = """\
[edge]
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

"""
"""``edge``, ``trusted``, ``certificate`` and ``key`` are to be filled in."""
