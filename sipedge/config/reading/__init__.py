"""TOML read with the place of each key, values checked by a model, and sentences about what is wrong."""
