"""One running edge: the loop of a worker, its supervisor, what it logs and exposes."""
