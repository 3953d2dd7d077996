"""Rule unit tests: cases, claims, coverage and mutation. Pure."""
