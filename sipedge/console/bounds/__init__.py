"""How much one may ask of the console: turns of an account, live pages, guesses at passwords."""
