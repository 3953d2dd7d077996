"""Messages as they were: readers of captures and logs, the replay, the ladder."""
