"""The other side of ``shadow``: a draft decides again what the edge has just decided, until its parent has gone.

One line in: what to do. Then a line out whenever something has changed: a ``ShadowJson``.
"""

from __future__ import annotations

import json
import os
import select
import sys
from collections.abc import Mapping
from typing import Any

from dialplan.search.search import CompiledPlan
from sipedge.config import load_config
from sipedge.history.spool import Spool
from sipedge.history.wish import Position
from sipedge.queries.trees.again import query_of_record
from sipedge.revisions.files import FileSet

from .apart import NICENESS
from .recorded import Tally
from .shadow import ShadowJson

INTERVAL = 0.5
"""Seconds between two looks at the file, where it has nothing new."""


class Judging:
    """What was judged so far."""

    def __init__(self, plans: tuple[CompiledPlan, CompiledPlan], revision: str) -> None:
        self._tally, self._revision = Tally(*plans), revision
        self._others = self._not_asked = self._lost = 0

    def add(self, record: Mapping[str, Any]) -> None:
        query = query_of_record(record)
        if query is None:
            self._not_asked += 1
            return
        self._others += record["revision"] != self._revision
        self._tally.add(query, record["also"])

    def lose(self, count: int) -> None:
        self._lost += count

    def to_json(self) -> ShadowJson:
        recorded = self._tally.to_json()
        return {"recorded": recorded, "not_asked": self._not_asked, "others": self._others, "lost": self._lost}


def main() -> None:
    os.nice(NICENESS)
    task = json.loads(sys.stdin.buffer.readline())
    config, base, draft = task["config"], FileSet(task["base"]), FileSet(task["texts"])
    plans = [load_config(config, create_secret=False, texts=each.at(config)).plan for each in (base, draft)]
    judging = Judging((plans[0], plans[1]), base.digest)
    spool = Spool(task["spool"], Position(*task["position"]))
    while True:
        batch = spool.read()
        if batch is not None:
            for record in batch.records:
                judging.add(record)
            for gap in batch.gaps:
                judging.lose(gap.count)
            sys.stdout.write(json.dumps(judging.to_json()) + "\n")
            sys.stdout.flush()
        if select.select([sys.stdin], [], [], 0 if batch else INTERVAL)[0]:
            return


if __name__ == "__main__":
    main()
