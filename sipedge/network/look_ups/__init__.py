"""Look-ups of the DNS: who may ask next, and what rests for a while. Pure."""
