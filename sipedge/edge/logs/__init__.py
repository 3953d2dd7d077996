"""The log: its lines, how many of them, and the thread that writes them."""
