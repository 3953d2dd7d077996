"""Dialogs and parties of a trace, and how they are drawn. Pure."""
