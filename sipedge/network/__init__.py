"""Sockets, TLS and DNS."""
