"""Outputs of the running edge: log files, a HEP collector, metrics."""
