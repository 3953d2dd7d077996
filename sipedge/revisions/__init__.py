"""What was in force, who changed it, and how a changed set of files comes in force whole or not at all."""
