"""Where a request should go: transforms and priority-ordered search rules. Pure."""
