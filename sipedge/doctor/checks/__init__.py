"""Verdicts on facts that probes gathered. Pure."""
