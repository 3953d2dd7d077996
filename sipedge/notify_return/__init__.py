"""The way back: whether the NOTIFY for every SUBSCRIBE that a pair of edges lets through finds its way, proved.

``prove(link, told)`` gives a Report for a pair of traversal zones, found by ``links_of(edges_of(...))``. It works on
dial plans alone, without a network.
"""

from .edges import Edge, TraversalLink, edges_of, links_of
from .prove import LinkReport, prove
from .report import Gap, GapLevel
from .targets import GivenNames

__all__ = ["Edge", "Gap", "GapLevel", "TraversalLink", "LinkReport", "GivenNames", "edges_of", "links_of", "prove"]
