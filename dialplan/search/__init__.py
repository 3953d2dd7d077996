"""Where an alias goes: tiers of targets by priority, and why. Pure."""
