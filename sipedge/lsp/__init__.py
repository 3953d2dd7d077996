"""A language server for dial plans: what the linter, the formatter and the tests know, while one types.

Each ability is a pure function of a text and its surroundings; ``server.py`` alone speaks the protocol.
"""
