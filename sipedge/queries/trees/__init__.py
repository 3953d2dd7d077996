"""Decisions made again, and the tree of a search in words."""
