"""What a dump says of XMPP federation, and what it cannot say."""

from __future__ import annotations

from pathlib import Path

from dialplan.importers.xconfiguration import read_dump
from sipedge.config import load_config
from sipedge.importing.edge import read_box
from sipedge.importing.expressway import CONFIG, REPORT, import_expressway
from sipedge.importing.xmpp import LINK_SECRET, NO_ADDRESS, NO_NAME, xmpp_tables
from sipedge.settings import Xmpp

BOX = (
    "Ethernet 1 IP V4 Address: 10.0.0.10",
    "SystemUnit Name: expc.example.com",
    "SIP Domain 1 Name: Example.com",
    "SIP Domain 1 Xmppfederation: On",
    "SIP Domain 2 Name: sip-only.example.com",
    "SIP Domain 2 Xmppfederation: Off",
)
CLIENT = (
    "Zones Zone 1 Name: Plain",
    "Zones Zone 1 Type: TraversalClient",
    "Zones Zone 1 TraversalClient Peer 1 Address: other.example.com",
    "Zones Zone 2 Name: UC",
    "Zones Zone 2 Type: TraversalClient",
    "Zones Zone 2 TraversalClient Collaboration Edge: On",
    "Zones Zone 2 TraversalClient Peer 1 Address: expe.example.com",
)
SERVER = (
    "Zones Zone 1 Name: UC",
    "Zones Zone 1 Type: TraversalServer",
    "Zones Zone 1 TraversalServer SIP TLS Verify Subject Name: expc.example.com",
)


def _dump(*lines: str) -> str:
    return "".join(f"xConfiguration {line}\n" for line in lines)


def _imported(folder: Path, *lines: str) -> tuple[Xmpp | None, str]:
    """The settings that come out, and the report."""
    imported = import_expressway(_dump(*BOX, *lines), "dump.txt")
    for name, text in imported.files.items():
        (folder / name).write_text(text)
    assert (LINK_SECRET in imported.files) is (LINK_SECRET in imported.secret)
    return load_config(folder / CONFIG, create_secret=False).xmpp, imported.files[REPORT]


def test_a_box_with_a_traversal_client_zone_becomes_the_inside_edge(tmp_path: Path) -> None:
    xmpp, report = _imported(tmp_path, *CLIENT)
    assert xmpp is not None
    assert (xmpp.role, xmpp.domains, xmpp.inside_address) == ("inside", ("example.com",), "10.0.0.10")
    assert (xmpp.peer_address, xmpp.peer_subject_name) == (NO_ADDRESS, "expe.example.com")
    assert "static routes" in report and "chat node aliases" in report


def test_a_box_with_a_traversal_server_zone_becomes_the_outside_edge(tmp_path: Path) -> None:
    xmpp, _ = _imported(tmp_path, *SERVER)
    assert xmpp is not None
    assert (xmpp.role, xmpp.address, xmpp.peer_address) == ("outside", "10.0.0.10", "10.0.0.10")
    assert (xmpp.peer_subject_name, xmpp.privacy_mode, xmpp.allow) == ("expc.example.com", "allow list", ())


def test_without_a_traversal_zone_the_domains_are_named(tmp_path: Path) -> None:
    xmpp, report = _imported(tmp_path)
    assert xmpp is None and "XMPP federation is on for example.com" in report


def test_settings_about_xmpp_that_are_not_taken_over_are_named_once_with_their_line(tmp_path: Path) -> None:
    xmpp, report = _imported(tmp_path, "XCP Config FcmService: On", "XCP TLS Certificate CVS UseCrl: Off")
    names = "XCP Config FcmService, XCP TLS Certificate CVS UseCrl"
    assert xmpp is None and f"line 7: about XMPP and not taken over: {names}" in report
    assert 'XCP Config FcmService: "On"' in report


def test_what_is_not_known_is_a_stand_in_that_says_so() -> None:
    dump = read_dump(
        _dump("SIP Domains Domain 1 Name: a.example", "SIP Domains Domain 1 Xmppfederation: true", *SERVER[:2])
    )
    [table] = xmpp_tables(dump, read_box(dump))
    assert table.keys["peer_subject_name"] == NO_NAME and table.keys["address"] == NO_ADDRESS
    assert set(table.notes) == {"link_secret_file", "peer_address", "peer_subject_name"}
