"""What lies where, and what came from where. Pure: no sockets, no clock, no SIP messages."""
