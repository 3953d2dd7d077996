from __future__ import annotations

import asyncio

import pytest

from sipedge.lab.party import Event, Party, Recorder


def test_recorder_waits_for_what_is_to_come_and_finds_what_was() -> None:
    async def scenario() -> list[Event]:
        recorder = Recorder()
        waiting = asyncio.create_task(recorder.wait(lambda event: event["n"] == 2))
        await asyncio.sleep(0)
        recorder.add({"n": 1})
        recorder.add({"n": 2})
        return [await waiting, await recorder.wait(lambda event: event["n"] == 1)]

    assert asyncio.run(scenario()) == [{"n": 2}, {"n": 1}]


def test_recorder_looks_only_at_what_came_since() -> None:
    recorder = Recorder()
    recorder.add({"n": 1})
    assert recorder.find(lambda event: True, since=1) is None
    with pytest.raises(TimeoutError):
        asyncio.run(recorder.wait(lambda event: True, since=1, seconds=0))


OPTIONS = {"views": [{"name": "v", "address": "127.0.0.1", "port": 0, "records": {}}]}


@pytest.mark.e2e
def test_a_party_starts_answers_and_ends() -> None:
    async def scenario() -> tuple[Event, Event, Event | None]:
        recorder = Recorder()
        party = await Party.start("dns", "sipedge.lab.parties.dns_server", OPTIONS, recorder)
        good = await party.ask("set", view="v", name="a.example", kind="A", values=["127.0.0.1"])
        bad = await party.ask("set", view="other", name="a.example", kind="A", values=[])
        await party.stop()
        return good, bad, recorder.find(lambda event: event["event"] == "ended")

    good, bad, ended = asyncio.run(scenario())
    assert good["ok"] and not bad["ok"] and "KeyError" in bad["error"]
    assert ended


@pytest.mark.e2e
def test_a_party_that_cannot_start_says_why() -> None:
    with pytest.raises(RuntimeError, match=r"(?s)dns did not start.*KeyError"):
        asyncio.run(Party.start("dns", "sipedge.lab.parties.dns_server", {}, Recorder()))
