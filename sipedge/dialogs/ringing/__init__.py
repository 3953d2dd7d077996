"""Reliable provisional responses (RFC 3262): who numbers, repeats and acknowledges them; option tags."""
