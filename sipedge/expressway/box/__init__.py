"""A live Expressway over HTTPS: read by GET, and written one rule at a time by ``push`` alone."""
