"""Load through a running edge with one fault after the other, and a ledger of what became of every request."""
