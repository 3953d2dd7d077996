from __future__ import annotations

import signal
import socket
import sys
from contextlib import suppress
from multiprocessing import active_children
from pathlib import Path

import pytest

from sipedge.replay import engines
from sipedge.replay.engines import EngineError, engine, usual_engine, workers


def test_small_traces_are_decided_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = tmp_path / "trace"
    trace.write_bytes(bytes(100))
    assert usual_engine([str(trace), str(tmp_path / "missing")]) == "serial"
    monkeypatch.setattr(engines, "WORTH_PROCESSES", 50)
    monkeypatch.setattr(engines, "workers", lambda: 2)
    assert usual_engine([str(trace)]) == "processes"
    monkeypatch.setattr(engines, "workers", lambda: 1)
    assert usual_engine([str(trace)]) == "serial"


def test_serial_has_no_executor() -> None:
    with engine("serial") as found:
        assert found == (None, 1)


@pytest.mark.e2e
def test_processes_run_tasks() -> None:
    with engine("processes") as (executor, count):
        assert executor is not None and count == workers()
        assert executor.submit(len, "abc").result() == 3


def test_dask_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(EngineError, match=r"sipedge\[cluster\]"), engine("dask"):
        pass


@pytest.mark.e2e
def test_dask_starts_beside_another_cluster() -> None:
    """Whose HTTP server has the port that Dask would take by itself."""
    with socket.socket() as other:
        with suppress(OSError):  # somebody has it: all the better
            other.bind(("127.0.0.1", 8787))
            other.listen()
        with engine("dask") as (executor, count):
            assert executor is not None and count == workers()
            assert executor.submit(len, "abc").result() == 3


@pytest.mark.e2e
def test_a_dask_scheduler_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "SCHEDULER_WAIT", 0.2)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(EngineError, match=f"the Dask scheduler {address} cannot be reached"):
            with engine("dask", address):
                pass


@pytest.mark.e2e
@pytest.mark.parametrize("error", [KeyboardInterrupt, BrokenPipeError])
def test_whatever_ends_the_work_ends_the_workers_at_once(error: type[BaseException]) -> None:
    with pytest.raises(error), engine("processes") as (pool, count):
        assert pool is not None
        for _ in range(3 * count):
            pool.submit(signal.pause)  # for ever
        raise error
    assert active_children() == []
