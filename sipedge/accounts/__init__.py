"""Who may use the console, and as what: accounts, their sessions, tokens for programs."""
