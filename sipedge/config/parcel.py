"""Settings in pieces that travel between processes, each small enough to be unpacked between two turns of a loop.

A compiled plan does not travel: RE2 cannot pack a pattern. Its entries do, and each regex's tree, which is only unpacked
where the pattern has to be compiled. The places of fields stay behind: they are for messages about mistakes, and what
is packed has none.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import fields, replace
from itertools import batched
from typing import Any

from dialplan.model import Dialplan, Entry, Location, SearchRule, Transform
from dialplan.problem import Problem
from dialplan.search.search import CompiledPlan
from dialplan.syntax import Node
from sipedge.settings import Settings

from .problems import ConfigError

PIECE = 25
"""Entries or trees in a piece: it takes 0.3 ms to unpack."""
