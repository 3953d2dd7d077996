"""A stand-in cluster of Expressways on loopback, and what is asked of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from sipedge.cli import main
from sipedge.expressway.box.client import Account, Reader, Writer
from sipedge.lab.ca import Authority
from sipedge.lab.parties.expressway_box import Behaviour, Cluster, running

HOST = "127.0.0.1"
ACCOUNT = Account("admin", "password")


def rule(name: str, target: str, pattern: str = "", **fields: Any) -> dict[str, Any]:
    """As the API has it; with a pattern, a regex that stops."""
    found: dict[str, Any] = {"Name": name, "Priority": 100, "TargetName": target}
    if pattern:
        found |= {
            "Mode": "AliasPatternMatch",
            "PatternType": "Regex",
            "PatternString": pattern,
            "PatternBehavior": "Leave",
            "OnSuccessfulMatch": "Stop",
        }
    return found | fields


def zone(name: str, peer: str) -> dict[str, Any]:
    return {"Name": name, "PeerAddress": [peer], "SIPPort": 5061, "HopCount": 15, "Status": "Active"}


ANSWERS: dict[str, list[dict[str, Any]]] = {
    "common/searchrule": [
        rule("LocalZoneMatch", "LocalZone", Priority=50),
        rule("to A", "A", r".*@a\.example"),
        rule("to B", "B", r".*@b\.example", SIPVariant="Microsoft IM and Presence"),
    ],
    "common/transform": [],
    "common/zone/neighborzone": [zone("A", "a.example"), zone("B", "b.example")],
    "common/zone/dnszone": [],
    "common/domain": [{"Name": "own.example", "Sip": "On"}],
    "common/protocol/sip/configuration": [{"SipMode": "On", "TlsMode": "On", "TlsPort": 5061, "TcpMode": "Off"}],
}


@dataclass
class StandIn:
    cluster: Cluster
    hosts: list[str]
    """HOST:PORT of each peer, the primary first."""
    trusted: str

    def reader(self, peer: int = 0, account: Account = ACCOUNT) -> Reader:
        return Reader(self.hosts[peer], account, self.trusted)

    def writer(self, peer: int = 0) -> Writer:
        return Writer(self.hosts[peer], ACCOUNT, self.trusted)

    @property
    def methods(self) -> set[str]:
        return {request.split()[0] for request in self.cluster.requests}

    @property
    def written(self) -> list[str]:
        """Names of the primary's rules."""
        return [each["Name"] for each in self.cluster.rules[0]]


@contextmanager
def stand_in(
    folder: Path, peers: int = 1, answers: dict[str, list[dict[str, Any]]] = ANSWERS, **behaviour: Any
) -> Iterator[StandIn]:
    authority = Authority(folder, f"ca of {folder.name}")
    leaf = authority.issue("box", common_name="box", names=(HOST,))
    cluster = Cluster([HOST] * peers, answers, Behaviour(**behaviour))
    with running(cluster, 0, str(leaf.certificate), str(leaf.key)) as ports:
        yield StandIn(cluster, [f"{HOST}:{port}" for port in ports], str(authority.file))


def command(box: StandIn, *words: str, password: str = "password") -> Result:
    """``sipedge expressway WORDS`` for this box."""
    file = Path(box.trusted).parent / "password"
    file.write_text(f"{password}\n")
    account = ("--ca", box.trusted, "--password-file", str(file))
    return CliRunner().invoke(main, ["expressway", *words, *account], catch_exceptions=False)
