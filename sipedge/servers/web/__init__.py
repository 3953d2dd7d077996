"""Published web services on one HAProxy: pools, generated configuration, look-ups of service records, state."""
