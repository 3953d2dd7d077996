"""The pages by which somebody changes something, a file for each."""
