"""Findings, and the requests that show them."""
