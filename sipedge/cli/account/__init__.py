"""Commands about who may use the console, and who did what with it."""
