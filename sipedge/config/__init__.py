"""``edge.toml`` and everything it names -> one frozen Settings, or all errors at once."""

from .load import load_config
from .reading.problems import ConfigError

__all__ = ["ConfigError", "load_config"]
