"""The process that serves: what is in force and how that changes, what it answers when it is asked."""
