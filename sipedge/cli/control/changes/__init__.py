"""Commands that have a running edge do something."""
