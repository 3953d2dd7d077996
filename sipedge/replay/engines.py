"""The engines of a replay: this process, a pool of processes, or a Dask cluster (the extra ``cluster``)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, get_context
from signal import SIG_IGN, SIGINT, signal

from dialplan.collector import collector_patient

WORTH_PROCESSES = 16 << 20
"""Bytes of traces from which on a pool of processes is worth its start."""
SCHEDULER_WAIT = 10.0
"""Seconds in which a Dask scheduler has to answer."""
_DASK = {
    "distributed.worker.multiprocessing-method": "forkserver",
    "distributed.worker.profile.enabled": False,
}
"""Two workers are there, used once and gone again in 1.6 s, with ``spawn`` in 2.1 s. A worker that does not sample its
own stack, and a client that fetches results where they are, take a tenth off the processor time of a large log."""
_NO_DASHBOARD = {"dashboard_address": "127.0.0.1:0", "scheduler_kwargs": {"dashboard": False}}
"""Even without a dashboard the scheduler serves HTTP: at any free port, as no address means port 8787, which another
cluster on the same machine may have."""


class EngineError(ValueError):
    """An engine that is not here; one sentence."""


def usual_engine(traces: Sequence[str]) -> str:
    """``serial`` or ``processes``, by the size of the traces."""
    size = sum(os.path.getsize(trace) for trace in traces if os.path.isfile(trace))
    return "processes" if size >= WORTH_PROCESSES and workers() > 1 else "serial"


def workers() -> int:
    return len(os.sched_getaffinity(0))


@contextmanager
def engine(name: str, scheduler: str = "") -> Iterator[tuple[Executor | None, int]]:
    """(executor, its workers); None for ``serial``.

    ``scheduler``: address of a Dask scheduler, '' starts a cluster here. Raises EngineError.
    """
    with collector_patient():
        if name == "serial":
            yield None, 1
        elif name == "processes":
            with _processes() as pool:
                yield pool, workers()
        else:
            with _dask(scheduler) as found:
                yield found


@contextmanager
def _processes() -> Iterator[Executor]:
    """Whatever ends the work early ends the workers at once: nobody waits for what is under way."""
    others = set(active_children())
    # A forked worker has the configuration already that was read before.
    pool = ProcessPoolExecutor(workers(), mp_context=get_context("fork"), initializer=_leave_interrupts)
    try:
        yield pool
    except BaseException:
        for worker in set(active_children()) - others:
            worker.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _leave_interrupts() -> None:
    """A terminal interrupts all processes of a command; its parent ends a worker."""
    signal(SIGINT, SIG_IGN)


@contextmanager
def _dask(scheduler: str) -> Iterator[tuple[Executor, int]]:
    try:
        from dask import config

        config.set(_DASK)  # read when distributed is imported
        from distributed import Client, LocalCluster
    except ImportError:
        raise EngineError("the engine dask is not installed: pip install 'sipedge[cluster]'") from None
    cluster = None
    try:
        if scheduler:
            client = Client(scheduler, timeout=SCHEDULER_WAIT)
        else:
            cluster = LocalCluster(n_workers=workers(), threads_per_worker=1, host="127.0.0.1", **_NO_DASHBOARD)
            client = Client(cluster, direct_to_workers=True)
    except (OSError, ValueError, RuntimeError) as error:
        what = f"scheduler {scheduler} cannot be reached" if scheduler else "cluster cannot be started"
        raise EngineError(f"the Dask {what}: {error}") from None
    try:
        yield client.get_executor(pure=False), max(1, len(client.scheduler_info()["workers"]))
    finally:
        client.close()
        if cluster is not None:
            cluster.close()
