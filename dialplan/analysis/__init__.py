"""Dial plans proved: languages of aliases, classes of requests, and what a plan does with each of them.

    languages = Languages([plan])                       # one alphabet for all plans that are compared
    symbolic = SymbolicPlan(plan, languages)
    partners = Language.of(PatternType.SUFFIX, "@partner.example", alphabet=languages.alphabet)
    for decision in decide(symbolic, RequestClass(frozenset({"Default Zone"}), partners)):
        decision.routing, decision.witness              # where all requests like the witness go

Whatever cannot be answered exactly raises NotProved; nothing here guesses.
"""

from dialplan.analysis.languages.alphabet import ASCII, Alphabet
from dialplan.analysis.languages.automaton import NotProved
from dialplan.analysis.languages.grammar import natural, well_formed, witness
from dialplan.analysis.languages.language import Language

from .decide import Decision, Region, by_admitted, decide, regions
from .plan import Languages, SymbolicPlan, SymbolicRule
from .requests import Conditions, RequestClass, Sender, conditions_of, senders_of
from .routing import Routing

__all__ = [
    "ASCII",
    "Alphabet",
    "Conditions",
    "Decision",
    "Language",
    "Languages",
    "NotProved",
    "Routing",
    "Region",
    "RequestClass",
    "Sender",
    "SymbolicPlan",
    "SymbolicRule",
    "by_admitted",
    "conditions_of",
    "decide",
    "natural",
    "regions",
    "senders_of",
    "well_formed",
    "witness",
]
