from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPException
from threading import Barrier

import pytest
from prometheus_client.core import GaugeMetricFamily, Metric

from sipedge.edge import exposition as module
from sipedge.edge.exposition import Exposition
from sipedge.tap.metrics import registry

pytestmark = pytest.mark.e2e

LIMIT = 10.0


def _one() -> list[Metric]:
    return [GaugeMetricFamily("sipedge_answer", "What it is", value=42)]


@pytest.fixture
def serve() -> Iterator[Callable[..., Exposition]]:
    made: list[Exposition] = []

    def start(ask: Callable[[], list[Metric]] = _one, host: str = "127.0.0.1") -> Exposition:
        made.append(Exposition(f"{host}:0", registry(ask)))
        return made[-1]

    yield start
    for exposition in made:
        exposition.close()


def _get(exposition: Exposition, path: str = "/metrics", host: str = "127.0.0.1") -> tuple[int, str]:
    connection = HTTPConnection(host, exposition.port, timeout=LIMIT)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


@pytest.mark.parametrize(("host", "name"), [("127.0.0.1", "127.0.0.1"), ("[::1]", "::1")])
def test_metrics_are_served(serve: Callable[..., Exposition], host: str, name: str) -> None:
    status, text = _get(serve(host=host), host=name)
    assert status == 200
    assert "sipedge_answer 42.0" in text.splitlines()


def test_there_is_nothing_else(serve: Callable[..., Exposition]) -> None:
    assert _get(serve(), "/")[0] == 404


def test_an_edge_that_does_not_answer_is_unavailable(serve: Callable[..., Exposition]) -> None:
    def busy() -> list[Metric]:
        raise TimeoutError

    assert _get(serve(busy))[0] == 503


def test_a_port_that_is_taken_is_an_error(serve: Callable[..., Exposition]) -> None:
    with pytest.raises(OSError):
        Exposition(f"127.0.0.1:{serve().port}", registry(_one))


def test_whoever_says_nothing_holds_up_nobody(
    serve: Callable[..., Exposition], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 2)
    exposition = serve()
    with socket.create_connection(("127.0.0.1", exposition.port), LIMIT):
        assert _get(exposition)[0] == 200


def test_more_than_a_few_at_once_are_closed(serve: Callable[..., Exposition], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 1)
    entered = Barrier(2, timeout=LIMIT)
    left = Barrier(2, timeout=LIMIT)

    def slow() -> list[Metric]:
        entered.wait()
        left.wait()
        return _one()

    exposition = serve(slow)
    first = HTTPConnection("127.0.0.1", exposition.port, timeout=LIMIT)
    first.request("GET", "/metrics")
    entered.wait()
    with pytest.raises((HTTPException, OSError)):
        _get(exposition)
    left.wait()
    assert first.getresponse().status == 200
    first.close()


def test_after_close_nobody_listens() -> None:
    exposition = Exposition("127.0.0.1:0", registry(_one))
    port = exposition.port
    exposition.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), LIMIT)
