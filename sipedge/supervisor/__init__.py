"""The parent of the worker: it starts the edge again, keeps what is in force, and hands signals on."""
