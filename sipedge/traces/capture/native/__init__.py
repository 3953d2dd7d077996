"""Packets in the usual form found in C: TCP over IPv4 over Ethernet, in a classic capture."""
