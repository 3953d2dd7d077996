"""What an edge has decided, kept for weeks: its file of decisions read as it grows, and asked in many ways."""
