"""The usual message read in C. See docs/native.md."""
