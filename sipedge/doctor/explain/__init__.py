"""Microsoft's refusals decoded from a trace."""
