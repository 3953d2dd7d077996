"""The file of a control socket: who may have it when an edge starts, and who takes it away."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from sipedge.control.channel.place import connect_to, open_place

pytestmark = pytest.mark.e2e


def test_what_a_crashed_edge_left_is_replaced(tmp_path: Path) -> None:
    path = str(tmp_path / "control")
    crashed = open_place(path)
    crashed.socket.close()
    assert os.path.exists(path)
    again = open_place(path)
    connect_to(path, 1).close()
    again.remove()
    assert not os.path.exists(path)


def test_a_living_edge_keeps_its_own(tmp_path: Path) -> None:
    path = str(tmp_path / "control")
    living = open_place(path)
    with pytest.raises(OSError) as error:
        open_place(path)
    assert error.value.strerror == (
        f"control socket {path}: another edge serves there; "
        "name another place in [edge] control, or write control = false"
    )
    connect_to(path, 1).close()
    living.remove()


def test_an_edge_that_takes_nobody_is_alive_all_the_same(tmp_path: Path) -> None:
    path = str(tmp_path / "control")
    living = open_place(path)
    living.socket.listen(0)
    with connect_to(path, 1), pytest.raises(OSError, match="another edge serves there"):
        open_place(path)
    living.remove()


def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "control"
    path.write_text("precious")
    with pytest.raises(OSError, match="a file is there that is no socket"):
        open_place(str(path))
    assert path.read_text() == "precious"


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="control socket .*/none/control: No such file or directory"):
        open_place(str(tmp_path / "none/control"))


def test_removing_takes_only_its_own_file_away(tmp_path: Path) -> None:
    path = tmp_path / "control"
    old = open_place(str(path))
    path.unlink()
    new = open_place(str(path))
    old.remove()
    connect_to(str(path), 1).close()
    new.remove()
    new.remove()


def test_a_path_may_be_longer_than_an_address(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 120)
    folder.mkdir()
    path = str(folder / "control")
    place = open_place(path)
    connect_to(path, 1).close()
    place.remove()


def test_no_more_is_open_than_before(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    place = open_place(str(tmp_path / "control"))
    with pytest.raises(OSError):
        open_place(str(tmp_path / "control"))
    place.remove()
    assert len(os.listdir("/proc/self/fd")) == before
    assert place.socket.fileno() == -1 and isinstance(place.socket, socket.socket)
