"""The parsers of the grammars of case files, and the end of a text in Lark's errors."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Literal

from lark import Lark, UnexpectedInput, UnexpectedToken


@cache
def grammar(name: Literal["cases", "expectation", "claim"]) -> Lark:
    """Each is made once: it takes 5 to 10 ms."""
    return Lark(files(__package__).joinpath(f"{name}.lark").read_text("utf-8"), parser="lalr")


def is_at_end(error: UnexpectedInput) -> bool:
    """Whether the text ended too early."""
    return isinstance(error, UnexpectedToken) and error.token.type == "$END"
