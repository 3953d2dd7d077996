"""The other side of ``apart``: a question a line in, its answer a line out, until nobody asks any more."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypedDict

from sipedge.config import load_config
from sipedge.control.refusal import FAILED
from sipedge.history.kept import Kept
from sipedge.queries.speakers import speakers
from sipedge.revisions.files import FileSet
from sipedge.revisions.merge import Clash, merged_sets

from .apart import NICENESS
from .editing import help_at, laid_out, marks, offer
from .forms import edited, forms
from .reaching import reach
from .review import FileDiffJson, ReviewJson, file_diffs, review


class MergedJson(TypedDict):
    """The texts of two people as one; or, where they changed the same lines, which."""

    texts: dict[str, str]
    clash: str
    """'' where there is none."""


def _review(config: str, base: Mapping[str, str], texts: Mapping[str, str], history: str, since: float) -> ReviewJson:
    """``history``: the folder of segments."""
    return review(config, FileSet(base), texts, Kept(Path(history)).asked(since))


def _speakers(config: str) -> list[dict[str, Any]]:
    return [speaker.to_json() for speaker in speakers(load_config(config, create_secret=False))]


def _diff(config: str, old: Mapping[str, str], new: Mapping[str, str]) -> list[FileDiffJson]:
    return file_diffs(old, new)


def _merge(config: str, base: Mapping[str, str], ours: Mapping[str, str], theirs: Mapping[str, str]) -> MergedJson:
    try:
        return {"texts": merged_sets(base, ours, theirs), "clash": ""}
    except Clash as clash:
        return {"texts": {}, "clash": str(clash)}


QUESTIONS: Mapping[str, Callable[..., object]] = {
    "review": _review,
    "marks": marks,
    "offer": offer,
    "help": help_at,
    "layout": laid_out,
    "forms": forms,
    "edit": edited,
    "speakers": _speakers,
    "reach": reach,
    "diff": _diff,
    "merge": _merge,
}
"""Each with keywords: ``config`` and what its function wants."""


def answer_to(line: bytes) -> Mapping[str, Any]:
    question = json.loads(line)
    try:
        return {"answer": QUESTIONS[question.pop("ask")](**question)}
    except Exception as error:  # a question that goes wrong must not cost the next one its answer
        return {"refused": {"code": FAILED, "sentence": f"this went wrong: {type(error).__name__}: {error}"}}


def main() -> None:
    os.nice(NICENESS)
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(json.dumps(answer_to(line)).encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
