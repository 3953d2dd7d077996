"""Dial plans out of other products' configurations. Pure."""
