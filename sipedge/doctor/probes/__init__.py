"""Facts gathered over the network; no verdicts."""
