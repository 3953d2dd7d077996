from __future__ import annotations

from dialplan.model import Traffic
from sipedge.decision.classification import classify
from sipedge.doctor.facts.endpoint import Endpoint
from sipedge.doctor.facts.sip import SipReply
from sipedge.doctor.probes.sip import negotiate, options
from sipedge.sip.message import Message

ENDPOINT = Endpoint("example.com", "2001:db8::1", 5061, "sip.example.com")


def test_options_counts_as_microsoft_im_and_presence() -> None:
    message = Message(options(ENDPOINT, "ours.example", "Proxy-Require: ms-benotify\r\n"))
    assert (message.method, message.uri) == ("OPTIONS", "sip:Options_User@example.com")
    assert message.first("proxy-require") == "ms-benotify" and message.cseq == (1, "OPTIONS")
    assert "sip:Options_User@ours.example" in (message.first("from") or "")
    assert classify(message).traffic is Traffic.MICROSOFT_IMP


def test_negotiate_is_hop_by_hop() -> None:
    message = Message(negotiate("2001:db8::1", 5061))
    assert (message.method, message.uri) == ("NEGOTIATE", "sip:[2001:db8::1]:5061")
    assert message.first("max-forwards") == "0" and message.first("compression") == "LZ77-8K"
    assert message.via.branch == ""


def test_requests_differ() -> None:
    assert options(ENDPOINT, "a.example") != options(ENDPOINT, "a.example")


def test_reply_in_words() -> None:
    assert SipReply(200, "OK", "RTC/6.0").words == "200 OK by 'RTC/6.0'"
    assert SipReply(200, "O\x1bK").words == r"200 O\x1bK"
    assert SipReply(problem="no answer").words == "no answer"
