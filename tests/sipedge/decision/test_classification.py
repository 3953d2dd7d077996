"""What kind of traffic a request is, and the evidence that says so."""

from __future__ import annotations

import pytest
from support.messages import SDP_IM, invite, request
from support.paths import DATA

from dialplan.model import Traffic
from sipedge.decision.classification import MAX_DEPTH, MAX_PARTS, classify, classify_method, sdp_parts
from sipedge.sip.message import Message, parse_message

STANDARD, AV, SHARE, IMP = Traffic.STANDARD, Traffic.MICROSOFT_AV, Traffic.MICROSOFT_SHARE, Traffic.MICROSOFT_IMP
SDP = "Content-Type: application/sdp"


def sdp(*lines: bytes, content_type: str = SDP, extra: tuple[str, ...] = ()) -> Message:
    return invite(extra=(content_type, *extra), body=b"\r\n".join((b"v=0", *lines, b"")))


def multipart(*parts: bytes, boundary: bytes = b"x") -> bytes:
    return b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + boundary + b"--\r\n"


def part(kind: bytes, content: bytes) -> bytes:
    return b"Content-Type: " + kind + b"\r\n\r\n" + content


# Methods and events.


@pytest.mark.parametrize(
    ("message", "traffic", "evidence"),
    [
        (request("MESSAGE"), IMP, "method MESSAGE"),
        (request("BENOTIFY"), IMP, "method BENOTIFY"),
        (request("SERVICE"), IMP, "method SERVICE"),
        (request("SUBSCRIBE", extra=("Event: presence;x=y",)), IMP, "SUBSCRIBE with Event presence"),
        (request("NOTIFY", extra=("o: Presence.winfo",)), IMP, "NOTIFY with Event Presence.winfo"),
        (request("SUBSCRIBE", extra=("Event: vnd-microsoft-roaming-contacts",)), IMP, ""),
        (request("SUBSCRIBE", extra=("Event: dialog",)), STANDARD, ""),
        (
            request("SUBSCRIBE", extra=("Event: dialog", "User-Agent: UCCAPI/16.0")),
            IMP,
            "header User-Agent: UCCAPI/16.0",
        ),
        (request("PUBLISH", extra=("Event: presence",)), IMP, ""),
        (request("INFO", extra=("Content-Type: application/im-iscomposing+xml",)), IMP, ""),
        (
            request("INFO", extra=("Content-Type: application/xml",), body=b"<KeyboardActivity>"),
            IMP,
            "INFO with KeyboardActivity",
        ),
        (request("INFO"), STANDARD, "no mark of Microsoft or of IM and presence"),
        (request("OPTIONS"), STANDARD, ""),
        (request("OPTIONS", extra=("User-Agent: RTCC/6.0.0.0",)), IMP, "header User-Agent: RTCC/6.0.0.0"),
        (request("BYE"), STANDARD, ""),
        (request("BYE", extra=("Ms-client-diagnostics: 51004",)), AV, "header ms-client-diagnostics"),
        (invite(body=b""), STANDARD, ""),
        (invite(body=b"", extra=("Ms-Text-Format: text/plain",)), IMP, "header Ms-Text-Format"),
    ],
)
def test_methods_and_events(message: Message, traffic: Traffic, evidence: str) -> None:
    found = classify(message)
    assert found.traffic is traffic
    assert evidence in found.evidence


def test_from_the_method_alone() -> None:
    assert classify_method("message").traffic is IMP
    assert classify_method("SUBSCRIBE", "presence").traffic is IMP
    assert classify_method("SUBSCRIBE").traffic is STANDARD
    assert classify_method("INVITE").traffic is STANDARD


@pytest.mark.parametrize(
    ("extra", "evidence"),
    [
        (("Server: RTC/6.0",), "header Server: RTC/6.0"),
        (("User-Agent: x (Microsoft Lync Phone)",), "header User-Agent"),
        (("ms-asserted-verification-level: x",), "header ms-asserted-verification-level"),
        (("Contact: <sip:a@b;opaque=user:epid:x;gruu>",), "Contact with opaque and gruu"),
        (("Supported: 100rel, ms-forking",), "option tag ms-forking"),
        (("Via: SIP/2.0/TLS b;ms-received-port=1",), "Via with ms-received"),
    ],
)
def test_marks_of_microsoft(extra: tuple[str, ...], evidence: str) -> None:
    found = classify(request("BYE", extra=extra))
    assert (found.traffic, found.evidence[: len(evidence)]) == (AV, evidence)


def test_an_epid_is_a_mark() -> None:
    assert classify(request("BYE", from_="<sip:a@b>;epid=1;tag=x")).evidence == "epid in From"


# SDP.


@pytest.mark.parametrize(
    ("message", "traffic", "evidence"),
    [
        (invite(body=SDP_IM), IMP, "SDP m=message 5060 sip null"),
        (sdp(b"m=x-ms-message 5060 sip null"), IMP, "SDP m=x-ms-message"),
        (sdp(b"m=message 7 TCP/MSRP *"), STANDARD, "without a mark"),
        (sdp(b"m=applicationsharing 1 TCP/RTP/AVP 127"), SHARE, "SDP m=applicationsharing"),
        (sdp(b"m=video 1 RTP/AVP 1", b"a=label:applicationsharing-video"), SHARE, "SDP a=label:applicationsharing"),
        (sdp(b"m=data 1 TCP/RTP/SAVP x-data"), SHARE, "SDP m=data"),
        (sdp(b"m=application 1503 tcp msdata"), SHARE, "SDP msdata"),
        (sdp(b"m=audio 1 RTP/AVP 114", b"a=rtpmap:114 x-msrta/16000"), AV, "SDP x-msrta"),
        (sdp(b"m=video 1 RTP/AVP 122", b"a=rtpmap:122 X-H264UC/90000"), AV, "SDP x-h264uc"),
        (sdp(b"m=audio 1 RTP/AVP 0"), STANDARD, "without a mark"),
        (sdp(b"m=audio 1 RTP/AVP 0", extra=("User-Agent: UCCAPI/15.0",)), AV, "header User-Agent"),
        (sdp(b"m=audio 1 RTP/AVP 0", b"m=applicationsharing 1 x", b"m=message 1 sip null"), IMP, "SDP m=message"),
        (invite(extra=("Content-Type: text/plain",), body=b"m=message 5060 sip null"), STANDARD, ""),
    ],
)
def test_session_descriptions(message: Message, traffic: Traffic, evidence: str) -> None:
    found = classify(message)
    assert found.traffic is traffic
    assert evidence.lower() in found.evidence.lower()


def test_every_part_of_a_multipart_body_is_read() -> None:
    body = multipart(part(b"text/plain", b"hi"), part(b"application/sdp", b"v=0\r\nm=message 1 sip null"))
    message = invite(extra=('Content-Type: multipart/alternative;boundary="x"',), body=body)
    assert classify(message).traffic is IMP
    nested = multipart(part(b"multipart/mixed;boundary=x", body), boundary=b"outer")
    deeper = invite(extra=("Content-Type: multipart/mixed;boundary=outer",), body=nested)
    assert [*sdp_parts(deeper)]


def test_a_part_without_a_type_is_no_session_description() -> None:
    body = multipart(b"Content-ID: 1\r\n\r\nv=0", b"c: application/sdp\r\n\r\nv=1")
    assert [*sdp_parts(invite(extra=("Content-Type: multipart/mixed;boundary=x",), body=body))] == [b"v=1\r\n"]


def test_multipart_bodies_are_read_in_bounds() -> None:
    many = multipart(*[part(b"application/sdp", b"v=0")] * (MAX_PARTS + 5))
    assert len([*sdp_parts(invite(extra=("Content-Type: multipart/mixed;boundary=x",), body=many))]) == MAX_PARTS
    body = part(b"application/sdp", b"v=0")
    for level in range(MAX_DEPTH + 1):
        boundary = b"b%d" % level
        body = part(b"multipart/mixed;boundary=" + boundary, multipart(body, boundary=boundary))
    head, _, content = body.partition(b"\r\n\r\n")
    assert not [*sdp_parts(invite(extra=(head.decode(),), body=content))]


@pytest.mark.parametrize("kind", ["multipart/mixed", "multipart/mixed;boundary=", "multipart/mixed;boundary=other", ""])
def test_multipart_bodies_that_are_none(kind: str) -> None:
    assert not [*sdp_parts(invite(extra=(f"Content-Type: {kind}",), body=b"--x\r\n\r\nv=0"))]


RECONSTRUCTED = {
    "01_INVITE_im_edge_to_proxy": IMP,
    "05_MESSAGE_text_plain_msgr_edge_to_proxy": IMP,
    "06_INFO_typing_edge_to_proxy": IMP,
    "08_MESSAGE_imp_to_sfb": IMP,
    "20_SUBSCRIBE_presence_edge_to_proxy": IMP,
    "22_NOTIFY_pidf_imp_to_sfb": IMP,
    "23_SUBSCRIBE_presence_imp_to_sfb": IMP,
    "25_NOTIFY_pidf_edge_to_proxy": IMP,
    "30_OPTIONS_federated_partner_test_edge_to_proxy": IMP,
    "40_INVITE_audio_video_multipart_edge_to_proxy": AV,
    "42_INVITE_applicationsharing_video_vbss": SHARE,
}


@pytest.mark.parametrize("name", RECONSTRUCTED)
def test_reconstructed_messages(name: str) -> None:
    message = parse_message((DATA / "reconstructed" / f"{name}.sip").read_bytes())
    assert classify(message).traffic is RECONSTRUCTED[name]
