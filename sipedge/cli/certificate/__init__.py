"""Commands about the edge's own certificates."""
