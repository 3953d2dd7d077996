"""The tables of other people's servers that the edge runs: one file for each."""
