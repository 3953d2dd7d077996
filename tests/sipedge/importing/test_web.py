"""TURN and the web proxy for Meeting Server of a dump, and that what is written can be loaded."""

from __future__ import annotations

from pathlib import Path

from sipedge.config import load_config
from sipedge.importing.expressway import CONFIG, REPORT, import_expressway
from sipedge.importing.web import TURN_PASSWORD
from sipedge.web_settings import MeetingServer

BOX = """\
*c xConfiguration SystemUnit Name: "expe.example.com"
*c xConfiguration Ethernet 1 IP V4 Address: "192.0.2.7"
*c xConfiguration SIP Domains Domain 1 Name: "example.com"
*c xConfiguration Traversal Server TURN Enabled: "On"
*c xConfiguration Traversal Server TURN Authentication Realm: "TurnServer"
*c xConfiguration Traversal Server TURN Port: "3478"
*c xConfiguration Traversal Server TURN Media Port Start: "24000"
*c xConfiguration Traversal Server TURN Media Port End: "24999"
*c xConfiguration CollaborationEdge Cms Enabled: "On"
*c xConfiguration CollaborationEdge Cms GuestUri: "Join.example.com"
"""


def test_both_are_written_so_that_they_can_be_loaded(tmp_path: Path) -> None:
    imported = import_expressway(BOX, "dump.txt")
    for name, text in imported.files.items():
        (tmp_path / name).write_text(text)
    settings = load_config(tmp_path / CONFIG, create_secret=False)
    assert settings.turn is not None and settings.web is not None
    turn = settings.turn
    assert (turn.address, turn.realm, turn.port, turn.ports) == ("192.0.2.7", "turnserver", 3478, (24000, 24999))
    assert settings.web.meeting_servers == (MeetingServer("join.example.com"),)
    assert TURN_PASSWORD in imported.secret
    report = imported.files[REPORT]
    assert '"CollaborationEdge Cms GuestUri" is taken as the guest account client URI' in report
    assert "write the Meeting Server's account under [[turn.user]]" in report
    assert "CollaborationEdge Cms Enabled" in report


def test_what_is_off_or_not_there_is_left_out() -> None:
    text = BOX.replace('Enabled: "On"', 'Enabled: "Off"').replace("Join.example.com", "")
    imported = import_expressway(text, "dump.txt")
    assert "[turn]" not in imported.files[CONFIG] and "[web]" not in imported.files[CONFIG]
    assert TURN_PASSWORD not in imported.files
