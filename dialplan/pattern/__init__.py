"""Patterns: matched against an alias in linear time, and applied to it by a replace string. Pure."""
