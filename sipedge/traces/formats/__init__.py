"""One file for each kind of log."""
