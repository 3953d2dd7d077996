"""Recorded requests decided by a plan: verdicts, what changed between two of them, cases, and a real box as referee."""
