"""Small configurations for tests: written into a folder, read, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

from sipedge.config import ConfigError, load_config

EDGE = """\
[edge]
system_name = "edge.example.com"
domains = ["example.com"]
"""
"""The smallest good configuration."""


def write(folder: Path, text: str, name: str = "edge.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def errors(folder: Path, text: str) -> list[str]:
    """Every problem of a configuration as a person reads it, with the folder left out of file names."""
    try:
        load_config(write(folder, text), create_secret=False)
    except ConfigError as error:
        return [str(problem).replace(f"{folder}/", "") for problem in error.problems]
    return []
