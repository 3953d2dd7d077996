"""Commands that ask a live Expressway."""
