"""The parties of the lab; each is a process of its own."""
