"""The lab: a test IM&P node, a strict Skype for Business Edge, a DNS server and a CA; real parties on loopback.

Each party is a process of its own and none of them uses the edge's message code: what they agree on with the edge
is only what goes over the wire.
"""
