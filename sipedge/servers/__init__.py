"""Other people's servers, run by the edge: their configuration, their processes, their state."""
