"""Text of the expectations of one case -> Expected."""

from __future__ import annotations

from dataclasses import replace

from lark import Token, Tree, UnexpectedInput

from dialplan.language.fields import FieldError
from dialplan.language.spelling import unquoted

from .cases import Expected, ExpectedTarget
from .grammar_parser import grammar, is_at_end

EXPECTATIONS = (
    'rule "name", zone "name", as "alias", priority N, stop or continue (of one target); no match; more; '
    'transform "name"; no transform; searched "alias"'
)
_CONTRADICTION = "no match beside a target"


class ExpectationError(FieldError):
    """The text is no expectation. ``offset``: the mistake's place in it."""

    def __init__(self, offset: int) -> None:
        super().__init__("an expectation that is not understood", f"expect takes {EXPECTATIONS}")
        self.offset = offset


class Expectations:
    """Collects the expectations of a case in the order of the file."""

    def __init__(self) -> None:
        self.expected = Expected()

    def add(self, text: str) -> None:
        """``text``: from the word ``expect`` on.

        Raises ExpectationError when it is not understood, FieldError when it contradicts or repeats one before.
        """
        try:
            node = grammar("expectation").parse(text).children[0]
        except UnexpectedInput as error:
            raise ExpectationError(len(text) if is_at_end(error) else error.column - 1) from None
        assert isinstance(node, Tree)
        self._add(node)

    def _add(self, node: Tree[Token]) -> None:
        expected, kind = self.expected, str(node.data)
        no_match = expected.targets == ()
        if kind == "target":
            _refuse(no_match, _CONTRADICTION)
            self.expected = replace(expected, targets=(*(expected.targets or ()), _target(node)))
            names = {_part_name(part) for part in node.children}
            _refuse(len(names) < len(node.children), "a part of a target a second time", "write each once")
        elif kind == "no_match":
            _refuse(no_match, "no match a second time")
            _refuse(bool(expected.targets) or expected.more, _CONTRADICTION)
            self.expected = replace(expected, targets=())
        elif kind == "more":
            _refuse(expected.more, "more a second time")
            _refuse(no_match, _CONTRADICTION)
            self.expected = replace(expected, more=True)
        elif kind == "searched":
            _refuse(expected.searched is not None, "searched a second time")
            self.expected = replace(expected, searched=_text(node))
        else:
            _refuse(expected.transform is not None, "transform a second time")
            self.expected = replace(expected, transform="" if kind == "no_transform" else _text(node))


def _refuse(wrong: bool, message: str, hint: str = "leave one out") -> None:
    if wrong:
        raise FieldError(message, hint)


def _target(node: Tree[Token]) -> ExpectedTarget:
    target = ExpectedTarget()
    for part in node.children:
        assert isinstance(part, Tree)
        if part.data == "rule":
            target = replace(target, rule=_text(part))
        elif part.data == "zone":
            target = replace(target, zone=_text(part))
        elif part.data == "alias":
            target = replace(target, alias=_text(part))
        elif part.data == "priority":
            target = replace(target, priority=int(str(part.children[0])))
        else:
            target = replace(target, stop=part.data == "stop")
    return target


def _part_name(part: Token | Tree[Token]) -> str:
    assert isinstance(part, Tree)
    return "stop" if part.data == "go_on" else str(part.data)


def _text(node: Tree[Token]) -> str:
    return unquoted(str(node.children[0]))
