"""What has to survive a restart: one file that changes are appended to, and the thread that writes it."""
