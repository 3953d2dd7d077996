"""What one of several workers has, and what it knows of the others."""
