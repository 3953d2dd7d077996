"""Calls of b2bua zones: two legs each, what they know of each other, and what the edge does when one of them dies."""
