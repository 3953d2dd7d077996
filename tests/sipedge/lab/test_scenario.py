from __future__ import annotations

from typing import Any

from sipedge.lab.scenario import unanswered


def message(party: str, direction: str, start: str, cseq: str, call_id: str = "1") -> dict[str, Any]:
    text = f"{start}\r\nCall-ID: {call_id}\r\nCSeq: {cseq}\r\n\r\n"
    return {"event": "message", "party": party, "direction": direction, "text": text}


def test_requests_without_a_final_response_are_named() -> None:
    events = [
        message("imp", "sent", "INVITE sip:x SIP/2.0", "1 INVITE"),
        message("imp", "received", "SIP/2.0 180 Ringing", "1 INVITE"),
        message("sfb", "received", "SIP/2.0 200 OK", "1 INVITE"),
        message("imp", "sent", "ACK sip:x SIP/2.0", "1 ACK"),
        message("sfb", "sent", "BENOTIFY sip:x SIP/2.0", "1 BENOTIFY"),
        message("sfb", "sent", "MESSAGE sip:x SIP/2.0", "2 MESSAGE"),
        {"event": "log", "party": "sfb", "text": "x"},
    ]
    assert unanswered(events) == ["INVITE", "MESSAGE"]
    events.append(message("imp", "received", "SIP/2.0 404 Not Found", "1 INVITE"))
    events.append(message("sfb", "received", "SIP/2.0 200 OK", "2 MESSAGE"))
    assert unanswered(events) == []
