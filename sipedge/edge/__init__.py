"""One running edge: the loop of a worker, what it logs and exposes, what it answers when it is asked."""
