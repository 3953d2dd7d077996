from __future__ import annotations

from pathlib import Path

from support.messages import request
from support.traces import record, write_config, write_trace

from sipedge.anonymise.proof import prove
from sipedge.replay.work import Plans


def test_decisions_are_compared_without_names(tmp_path: Path) -> None:
    plans = Plans((write_config(tmp_path),))
    before = write_trace(tmp_path / "a.jsonl", [record(), record()])
    after = write_trace(tmp_path / "b.jsonl", [record(request(uri="sip:else@x.example")), record()])
    proof = prove(plans, [before], after, {})
    assert (proof.requests, proof.differing, proof.first) == (2, 0, None)


def test_what_differs_or_is_missing_is_counted(tmp_path: Path) -> None:
    plans = Plans((write_config(tmp_path),))
    before = write_trace(tmp_path / "a.jsonl", [record(), record(), record()])
    after = write_trace(tmp_path / "b.jsonl", [record(request(uri="sip:else@inside.example")), record()])
    proof = prove(plans, [before], after, {})
    assert (proof.requests, proof.differing) == (3, 2)
    assert proof.first is not None and all(proof.first)
