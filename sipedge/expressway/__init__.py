"""Beside a live Expressway: what its REST API says as settings of ours, and the order of writes that is proved."""
