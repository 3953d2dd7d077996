"""Proofs about dial plans: languages of aliases, classes of requests, and the decisions of plans about them.

    languages = Languages([plan])                       # one alphabet for all plans that are compared
    symbolic = SymbolicPlan(plan, languages)
    partners = Language.of(PatternType.SUFFIX, "@partner.example", alphabet=languages.alphabet)
    for decision in decide(symbolic, RequestClass(frozenset({"Default Zone"}), partners)):
        decision.routing, decision.witness              # all requests like the witness go this way

A question without an exact answer raises NotProved; nothing here guesses. Other rooms import from here only.
"""

from dialplan.analysis.languages.alphabet import ASCII, Alphabet
from dialplan.analysis.languages.automaton import NotProved
from dialplan.analysis.languages.facts import text_runs
from dialplan.analysis.languages.facts_index import FactsIndex, places_of
from dialplan.analysis.languages.grammar import (
    Witnesses,
    fixed,
    natural,
    plain_aliases,
    well_formed,
    with_domain,
    witness,
)
from dialplan.analysis.languages.language import Language, node_of

from .decide import Decision, Region, by_admitted, decide, regions
from .diff import Comparison, Difference, compare
from .meetings import Meetings
from .plan import Branch, Languages, SymbolicPlan, SymbolicRule
from .requests import Conditions, RequestClass, Sender, conditions_of, senders_of
from .rewriting import Same, aliases_before
from .routing import Chain, Routing
from .words import common_senders, likewise_text, route_text

__all__ = [
    "ASCII",
    "Alphabet",
    "Branch",
    "Chain",
    "Comparison",
    "Conditions",
    "Decision",
    "Difference",
    "FactsIndex",
    "Language",
    "Languages",
    "Meetings",
    "NotProved",
    "Region",
    "RequestClass",
    "Routing",
    "Same",
    "Sender",
    "SymbolicPlan",
    "SymbolicRule",
    "Witnesses",
    "aliases_before",
    "by_admitted",
    "common_senders",
    "compare",
    "conditions_of",
    "decide",
    "fixed",
    "likewise_text",
    "natural",
    "node_of",
    "places_of",
    "plain_aliases",
    "regions",
    "route_text",
    "senders_of",
    "text_runs",
    "well_formed",
    "with_domain",
    "witness",
]
