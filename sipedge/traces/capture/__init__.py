"""Packets, TCP streams, decryption: what a capture needs before its messages can be read."""
