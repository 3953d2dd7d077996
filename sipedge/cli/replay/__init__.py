"""``sipedge replay``: its options, and each of the things that it can do."""
