"""What was seen, as frozen values: probes make them, checks judge them. Pure."""
