"""Questions to a configuration, without traffic."""
