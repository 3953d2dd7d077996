"""RFC 3261 section 16: events in, commands out, the time as an argument. Pure."""
