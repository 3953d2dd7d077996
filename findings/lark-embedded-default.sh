#!/usr/bin/env bash
# A lark transformer with __default__ works after parsing and fails when it is embedded in the parser.
#
# One would expect Lark(grammar, parser="lalr", transformer=T()) to give what T().transform(Lark(grammar).parse(text)) gives,
# only faster: the documentation offers it as that. Repetitions (+ and *) become rules of lark's own, whose trees are merged
# into their parents; embedded, __default__ is called for these too, and the merge then finds something that is no tree.
# The error, an AttributeError, names neither the rule nor __default__. With a method for each rule both ways agree.
#
# Seen on 30 November 2026 with lark 1.3.1. In this project: dialplan/pattern/parser.py embeds its transformer, with one method
# for each alternative and no __default__.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q lark==1.3.1

cat > both.py <<'PY'
"""Transforms one text after parsing and within it, without and with a method of its own for each rule."""
from lark import Lark, Transformer

GRAMMAR = """
start: pair+
pair: WORD "=" WORD
WORD: /[a-z]+/
%ignore " "
"""

class Defaults(Transformer):
    def __default__(self, data, children, meta):
        return str(data), children

class Methods(Transformer):
    def start(self, children):
        return "start", children

    def pair(self, children):
        return "pair", children

text = "a=b c=d e=f"
for transformer in (Defaults(), Methods()):
    after = transformer.transform(Lark(GRAMMAR, parser="lalr").parse(text))
    try:
        print(type(transformer).__name__, Lark(GRAMMAR, parser="lalr", transformer=transformer).parse(text) == after)
    except AttributeError as error:
        print(type(transformer).__name__, type(error).__name__, error)
PY
venv/bin/python both.py | tee seen.txt
cmp -s seen.txt - <<'SEEN'
Defaults AttributeError 'tuple' object has no attribute 'children'
Methods True
SEEN
