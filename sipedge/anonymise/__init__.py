"""Traces that can be given away: who and where replaced, who talks to whom and what the rules do with it kept."""
