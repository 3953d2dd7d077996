"""What the workers of one edge tell one another."""
