"""Proves that the NOTIFY for every SUBSCRIBE returns through the pair of edges that let the SUBSCRIBE through.

``prove(link, given)`` gives a LinkReport for a pair of traversal zones, which ``links_of(edges_of(...))`` finds. The
proof reads dial plans alone, without a network.
"""

from .edges import Edge, TraversalLink, edges_of, links_of
from .prove import LinkReport, prove
from .refusals import Refused
from .report import Gap, GapLevel
from .targets import GivenNames

__all__ = [
    "Edge",
    "Gap",
    "GapLevel",
    "TraversalLink",
    "LinkReport",
    "Refused",
    "GivenNames",
    "edges_of",
    "links_of",
    "prove",
]
