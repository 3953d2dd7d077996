"""Commands that ask a running edge."""
