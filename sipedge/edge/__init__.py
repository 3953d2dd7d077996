"""One running edge: the loop of the worker, what it logs and exposes."""
