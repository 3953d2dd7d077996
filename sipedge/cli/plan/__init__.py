"""Commands that ask, write or lay out a dial plan."""
