"""TCP connections as bytes that come and go, a small share of all of them in one turn of the event loop."""
