"""The search: an alias in, tiers of targets out, with the outcome of every rule. Pure."""
