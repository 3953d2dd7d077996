"""What the running edge writes of what it saw and decided: files, a HEP collector, counts for metrics."""
