"""A SIP message as bytes: read, framed, edited, answered. Pure."""
