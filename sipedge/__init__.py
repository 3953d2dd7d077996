"""A SIP federation edge: a TLS SIP proxy on pjsip with zones and search rules."""

__version__ = "0.1.0"
