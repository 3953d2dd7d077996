"""The way back: whether the NOTIFY for every SUBSCRIBE that a pair of edges lets through finds its way, proved.

``prove(link, told)`` gives a Report for a pair of traversal zones, found by ``links_of(edges_of(...))``. It works on
dial plans alone, without a network.
"""

from .edges import Edge, Link, edges_of, links_of
from .prove import Report, prove
from .report import Gap, Level
from .targets import GivenNames

__all__ = ["Edge", "Gap", "Level", "Link", "Report", "GivenNames", "edges_of", "links_of", "prove"]
