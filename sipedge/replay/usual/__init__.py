"""Requests in the usual form: read by one regular expression, with all that a decision reads of them."""
