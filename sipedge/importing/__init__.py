"""Configurations of other products made into ``edge.toml`` and dial plans."""
