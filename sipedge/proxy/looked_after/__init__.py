"""Neighbours and traversal zones as values: for the log, and for workers that follow another one."""
