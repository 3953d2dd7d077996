"""``sipedge doctor``."""
