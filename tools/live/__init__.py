"""A running edge on loopback and SIP by hand beside it: what soak and fuzz share."""
