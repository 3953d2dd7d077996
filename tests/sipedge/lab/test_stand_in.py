from __future__ import annotations

import socket
from pathlib import Path

from sipedge.lab.layout import Block
from sipedge.lab.parties.expressway_box import PEERS, Behaviour, Cluster
from sipedge.lab.stand_in import PORT, lesson, prepared


def test_two_clusters_with_all_that_they_need(tmp_path: Path) -> None:
    with socket.socket() as lock:
        block = Block(lock, "127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6", "127.0.0.7")
        parties = prepared(tmp_path, block)
        words = " ".join(lesson(tmp_path, block)).split()
    inside = Cluster(parties["expc"]["hosts"], parties["expc"]["answers"], Behaviour())
    assert [peer["PeerAddress"] for peer in inside.answers[PEERS]] == ["127.0.0.2", "127.0.0.4"]
    assert parties["expe"]["hosts"] == ("127.0.0.3",)
    assert 'Address: "127.0.0.3"' in (tmp_path / "expe.txt").read_text()
    assert f"127.0.0.4:{PORT}" in words and all(Path(word).exists() for word in words if word.startswith(str(tmp_path)))
