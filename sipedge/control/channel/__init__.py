"""The control socket itself: opened, guarded, served, asked."""
