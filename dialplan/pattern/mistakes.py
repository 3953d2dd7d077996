"""What is wrong with a pattern that the grammar does not take, and what to write for the same meaning."""

from __future__ import annotations

import re
from collections.abc import Callable

from dialplan.syntax import PatternError

Hint = str | Callable[[str, int], str]
"""A sentence, or what makes it of (pattern, offset)."""


def _unrepeated(text: str, at: int) -> str:
    """``*`` and ``?`` of file names, ``+`` of phone numbers."""
    sign, rest = text[at], text[at + 1 :]
    if sign == "+":
        return f"write \\+ for a plus sign: {text[:at]}\\+{rest}"
    if sign == "?":
        return f"write . for any one character: {text[:at]}.{_with_dots(rest)}; \\? is a question mark"
    rest = rest[1:] if rest.startswith(".@") else rest
    meant = f"write .* for any characters: {text[:at]}.*{_with_dots(rest)}"
    if at == 0 and re.fullmatch(r"[@.]?[\w.-]*\w", rest):
        meant += f', or pattern type suffix "{rest}"'
    return f"{meant}; \\* is a star"


def _with_dots(text: str) -> str:
    """The text with a backslash in front of dots that belong to a domain."""
    return re.sub(r"(?:(?<=\w)|^)\.(?=\w)", r"\.", text)


MISTAKES: tuple[tuple[str, str, Hint], ...] = (
    (
        r"\\[1-9kg]|\(\?P[=>]",
        "a back-reference in a pattern",
        "it cannot be matched in linear time; \\1 belongs in the replace string",
    ),
    (
        r"\\[0-9A-Za-z]",
        "an escape that this dialect lacks",
        "write the character itself, or a set in [ ]; classes are \\d \\w \\s \\D \\W \\S",
    ),
    (r"\\$", "a backslash at the end", "write \\\\ for a backslash"),
    (
        r"\(\?(?:P?<\w|P|')",
        "a named group that is none",
        "write ( ), or (?<name> ); \\1 stands for the first, counted by opening brackets",
    ),
    (r"\(\?[imsx-]*x", "an inline flag", "write the pattern without it, and without its blanks and comments"),
    (r"\(\?[a-zA-Z-]+", "a flag that this dialect lacks", "known are i, m and s, which say what is so anyway"),
    (r"\(\?#", "a comment in a pattern", "leave it out; # begins a comment outside the quotes"),
    (r"\(\?", "a group of an unknown kind", "known are ( ), (?: ), (?> ), (?! ), (?= ), (?<! ) and (?<= )"),
    (r"[*+?]", "nothing to repeat", _unrepeated),
    (r"\{", "a { that is no repetition", "write {n}, {n,} or {n,m}, or \\{ for the character"),
    (r"\}", "a } without {", "write \\} for the character"),
    (r"\[", "a [ without ]", "close the set with ], or write \\[ for the character"),
    (r"\]", "a ] without [", "write \\] for the character"),
    (r"\)", "a ) without (", "write \\) for the character"),
    (r"$", "a ( without )", "close the group with )"),
)
"""(text at the place of a syntax error, message, hint). The first that fits is reported."""


def mistake(text: str, at: int) -> PatternError:
    """``at``: the offset at which the grammar could not go on."""
    if text[at : at + 1] == "?" and text[at - 1 : at] == "(":
        at -= 1
    if re.match(r"[*+?{]", text[at:]) and at and re.search(r"(?:[*+?]|\{\d+,?\d*\})[?+]?$", text[:at]):
        return PatternError(at, "a repetition of a repetition", "put the first in brackets: (a*)*")
    for pattern, message, hint in MISTAKES:
        if re.match(pattern, text[at:]):
            return PatternError(at, message, hint if isinstance(hint, str) else hint(text, at))
    return PatternError(at, "this is no pattern")
