"""Refusals in traces: messages and logs made for the purpose, and what was published of Edge and client logs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.paths import DATA, messages_in
from support.third_party import require_shared

from sipedge.doctor.explain.codes import Side
from sipedge.doctor.explain.decode import MAX_FINDINGS, collect, explain_record, explain_trace, meaning_of
from sipedge.doctor.explain.finding import TraceFinding
from sipedge.traces.records.record import Direction, Record
from sipedge.traces.records.source import TraceError

DOMAIN_FAULT = "0xc3e93d6f SIPPROXY_E_EPROUTING_MSG_ALLOWED_DOMAIN_NO_SRV_MATCH"
NAME_FAULT = "0xc3e93d67 SIPPROXY_E_ROUTING_MSG_CERT_MISMATCH"
SRV_FAULT, CERTIFICATE_FAULT = "ms-diagnostics 1009", "ms-diagnostics 1010"
BARE = "504 without diagnostics"
Told = tuple[str, Side, str]

IN_THE_EDGES_LOG: list[Told] = [
    (DOMAIN_FAULT, Side.SENDER, "harbour.example"),
    (NAME_FAULT, Side.SENDER, "harbour.example"),
]
AT_THE_CLIENT: list[Told] = [
    (SRV_FAULT, Side.TARGET, "harbour.example"),
    (CERTIFICATE_FAULT, Side.TARGET, "harbour.example"),
]
EXCERPTS: dict[str, list[Told]] = {
    "expressway/federation_504.log": [(BARE, Side.SENDER, "harbour.example"), *AT_THE_CLIENT, *IN_THE_EDGES_LOG],
    "microsoft/flattened_504.txt": AT_THE_CLIENT,
    "microsoft/504_bare_to_expressway.sip": [(BARE, Side.SENDER, "harbour.example")],
    "microsoft/403_service_fault.sip": [("ms-diagnostics 4268", Side.REFUSER, "")],
    "microsoft/404_two_diagnostics.sip": [("ms-diagnostics 1034", Side.FURTHER, "reef.example")],
    "microsoft/401_register_two_challenges.sip": [],
    "reconstructed/51_504_1009_INVITE.sip": [(SRV_FAULT, Side.TARGET, "cms.fabrikam.example")],
    "reconstructed/52_504_1010_INVITE.sip": [(CERTIFICATE_FAULT, Side.TARGET, "cms.fabrikam.example")],
    "reconstructed/55_404_1003_INVITE.sip": [("ms-diagnostics 1003", Side.REFUSER, "")],
    "snooper/options_partner_test.txt": [],
    "snooper/no_srv_match.txt": IN_THE_EDGES_LOG[:1],
    "snooper/flattened.txt": IN_THE_EDGES_LOG,
    "snooper/R01_reconstructed_cls_2013_2015_flow.txt": [("ms-diagnostics 1034", Side.FURTHER, "fabrikam.example")],
}
PUBLISHED_BARE: Told = (BARE, Side.SENDER, "acano.steven.lab")
PUBLISHED_IN_THE_EDGES_LOG: list[Told] = [
    (DOMAIN_FAULT, Side.SENDER, "acano.steven.lab"),
    (NAME_FAULT, Side.SENDER, "acano.steven.lab"),
]
PUBLISHED_AT_THE_CLIENT: list[Told] = [
    (SRV_FAULT, Side.TARGET, "cms.steven.lab"),
    (CERTIFICATE_FAULT, Side.TARGET, "cms.steven.lab"),
]
PUBLISHED: dict[str, list[Told]] = {
    "seeds/002_3edc49a5f158aa37.txt": [PUBLISHED_BARE, *PUBLISHED_AT_THE_CLIENT, *PUBLISHED_IN_THE_EDGES_LOG],
    "samples/misc/flattened_504_client_log_copy_paste.txt": PUBLISHED_AT_THE_CLIENT,
    "samples/misc/sfb_client_504_ms_diagnostics_1009.sip": PUBLISHED_AT_THE_CLIENT[:1],
    "samples/misc/sfb_client_504_ms_diagnostics_1010.sip": PUBLISHED_AT_THE_CLIENT[1:],
    "samples/misc/sfb_edge_504_bare_to_expressway_e.sip": [PUBLISHED_BARE],
    "samples/misc/officedocs_403_service_msrtc_fault_sfbonline.sip": [("ms-diagnostics 4268", Side.REFUSER, "")],
    "samples/misc/syslog_404_two_ms_diagnostics_restored.sip": [("ms-diagnostics 1034", Side.FURTHER, "xixima.xabal")],
    "samples/snooper/01_ocs2007r2_edge_options_federated_partner_test.txt": [],
    "samples/snooper/03_sfb_edge_tf_diag_no_srv_match_lines_restored.txt": PUBLISHED_IN_THE_EDGES_LOG[:1],
    "samples/snooper/05_sfb_edge_tf_diag_flattened_copy_paste.txt": PUBLISHED_IN_THE_EDGES_LOG,
}


def told(path: Path) -> list[Told]:
    return [(one.codes[0], one.side, one.domain) for one in explain_trace(str(path))]


@pytest.mark.parametrize("name", EXCERPTS)
def test_excerpts(name: str) -> None:
    assert told(DATA / name) == EXCERPTS[name]


def test_published_excerpts() -> None:
    assert {name: told(require_shared(name)) for name in PUBLISHED} == PUBLISHED


def test_requests_are_no_refusals() -> None:
    requests = [path for path in messages_in(DATA / "microsoft") if not path.read_bytes().startswith(b"SIP/2.0")]
    assert len(requests) > 5 and not any(told(path) for path in requests)


def test_hresult_narrows_down_what_to_check() -> None:
    (finding,) = explain_trace(str(DATA / "reconstructed/52_504_1010_INVITE.sip"))
    assert finding.codes[1] == "HRESULT 0x80090322(SEC_E_WRONG_PRINCIPAL)"
    assert "the certificate carries another name" in finding.words
    assert finding.checks[0] == "tls.name" and "tls.trusted" not in finding.checks
    assert finding.details["peerserver"] == "vcse.fabrikam.example"
    assert finding.to_json()["side"] == "the domain that is called"


def explained(status: str, *headers: str) -> TraceFinding | None:
    lines = [
        f"SIP/2.0 {status}",
        "Via: SIP/2.0/TLS 192.0.2.1:5061;branch=z9hG4bK1",
        "From: <sip:romeo@ours.example>;tag=1",
        "To: <sip:juliet@theirs.example>;tag=2",
        "Call-ID: c1",
        "CSeq: 7 INVITE",
        *headers,
    ]
    data = ("\r\n".join(lines) + "\r\n\r\n").encode()
    return explain_record(Record(1.0, Direction.RECEIVED, None, None, "tls", data, True, "t.txt", 5))


@pytest.mark.parametrize(
    ("status", "header", "code", "side", "domain"),
    [
        ("504 Server time-out", "ms-diagnostics: 1008;reason=x;domain=no.example", "1008", Side.TARGET, "no.example"),
        ("504 Server time-out", "ms-diagnostics: 1014;reason=x", "1014", Side.TARGET, "theirs.example"),
        ("403 Forbidden", "Ms-Diagnostics: 1017; reason=x", "1017", Side.SERVER, ""),
        ("403 Forbidden", "ms-diagnostics-public: 1027.3;reason=x", "1027", Side.REFUSER, ""),
        ("488 Not", "ms-client-diagnostics: 51007; reason=x", "51007", Side.UNKNOWN, ""),
        ("480 Gone", "ms-diagnostics: 12345", "12345", Side.UNKNOWN, ""),
        ("407 Who", "ms-diagnostics: 1000;reason=x", "1000", Side.CLOCK, ""),
    ],
)
def test_numbers(status: str, header: str, code: str, side: Side, domain: str) -> None:
    found = explained(status, header)
    assert found is not None
    assert (found.codes[0], found.side, found.domain) == (f"ms-diagnostics {code}", side, domain)


def test_two_headers_are_both_told_and_the_telling_one_decides() -> None:
    found = explained("404 Not Found", "ms-diagnostics: 10003;component=x", 'ms-diagnostics: 1009;Domain="a.example"')
    assert found is not None
    assert found.codes == ("ms-diagnostics 10003", "ms-diagnostics 1009")
    assert found.side is Side.TARGET and found.domain == "a.example"


def test_warning_says_who_refused() -> None:
    found = explained("404 Not Found", 'Warning: 399 edge.example:5061 "no search rule matches"')
    assert found is not None and found.codes == ("Warning 399",)
    assert found.words == ('edge.example:5061 says: "no search rule matches"',)
    refused = explained("606 Not Acceptable", 'Warning: 309 lcs.example "blocked"')
    assert refused is not None and refused.words[0].startswith("the content was refused by a policy")


@pytest.mark.parametrize("status", ["200 OK", "180 Ringing", "401 Who", "407 Who", "487 Request Terminated"])
def test_what_is_no_refusal(status: str) -> None:
    assert explained(status) is None


def test_status_alone() -> None:
    by_edge = explained("504 Server time-out", "Server: RTC/6.0")
    by_other = explained("504 Server time-out", "Server: sipedge")
    unknown = explained("555 Odd")
    assert by_edge is not None and by_edge.domain == "ours.example" and "its own log" not in by_edge.words
    assert by_other is not None and by_other.side is Side.FURTHER
    assert unknown is not None and unknown.words == ("nothing but the status is told",)


def test_hostile_text_stays_one_short_line() -> None:
    found = explained("504 \x1b[31mred\x07", f'ms-diagnostics: 1009;reason="{"x" * 5000}\x1b[2J";domain="\x1b.example"')
    assert found is not None and found.domain == "theirs.example"
    texts = [found.what, found.request, *found.words, *found.details.values()]
    assert all(text.isprintable() and len(text) <= 300 for text in texts)


def test_log_record_with_an_hresult_for_a_result_code(tmp_path: Path) -> None:
    log = tmp_path / "edge.txt"
    log.write_text(
        "TL_ERROR(TF_DIAG) [p\\m]0B60.0D6C::03/02/2017-06:30:40.025.00005602 (SIPStack) $$begin_record\r\n"
        "Severity: error\r\nText: The peer certificate is not chained off a trusted root\r\n"
        "Result-Code: 0x80090325 SEC_E_UNTRUSTED_ROOT\r\nSIP-Start-Line: OPTIONS sip:a@b.example SIP/2.0\r\n"
        "Peer: sip.b.example:5061\r\nData: expected-fqdn=\"sip.b.example\"\r\n$$end_record\r\n"
        "TL_ERROR(TF_DIAG) [p\\m]0B60.0D6C::03/02/2017-06:30:41.025.00005602 (SIPStack) $$begin_record\r\n"
        "Text: odd\r\nResult-Code: 0xc3e90000 SIPPROXY_E_EPROUTING_MSG_INVALID_EXT_SPLIT_DOMAIN\r\n$$end_record\r\n"
    )  # fmt: skip
    first, second = explain_trace(str(log))
    assert (first.checks, first.domain) == (("tls.chain-complete", "tls.trusted"), "b.example")
    assert first.time == 1488436240.025 and first.details["peer"] == "sip.b.example:5061"
    assert second.side is Side.SERVER and second.words[0] == meaning_of(1017).words


def test_file_that_is_no_trace(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("Dear Sir,\n")
    with pytest.raises(TraceError, match="no known trace format"):
        list(explain_trace(str(tmp_path / "letter")))
    with pytest.raises(TraceError, match="cannot be read"):
        list(explain_trace(str(tmp_path / "missing")))


def test_the_like_is_told_once() -> None:
    one, other = explained("504 A", "ms-diagnostics: 1009"), explained("504 A", "ms-diagnostics: 1010")
    assert one is not None and other is not None
    assert [(found.codes, found.count) for found in collect([one, other, one, one])] == [
        (("ms-diagnostics 1009",), 3),
        (("ms-diagnostics 1010",), 1),
    ]


def test_number_of_different_findings_is_bounded() -> None:
    one = explained("504 A")
    assert one is not None
    assert len(collect(replace(one, what=str(number)) for number in range(MAX_FINDINGS + 5))) == MAX_FINDINGS


@examples(150)
@given(
    st.sampled_from(["ms-diagnostics", "Ms-Diagnostics-Public", "Warning", "From", "To", "CSeq", "Call-ID"]),
    st.text(st.characters(blacklist_characters="\r\n", blacklist_categories=("Cs",)), max_size=200),
)
def test_whatever_a_header_holds(name: str, value: str) -> None:
    found = explained("504 Server time-out", f"{name}: {value}")
    assert found is not None
    told = json.dumps(found.to_json())
    assert told and found.what.isprintable() and all(code.isprintable() for code in found.codes)


def test_unknown_number_tells_its_range() -> None:
    assert meaning_of(10027).words == "a number that is not known here, of the Mediation Server"


def test_a_file_with_nothing_to_explain_is_told(tmp_path: Path) -> None:
    (tmp_path / "events.log").write_text(
        '2024-05-06T07:08:09.123+00:00 e tvcs: UTCTime="2024-05-06 07:08:09,122" Module="network.dns" Level="INFO": x\n'
    )
    with pytest.raises(TraceError, match="there is no SIP message in it .on an Expressway set network.sip to DEBUG"):
        list(explain_trace(str(tmp_path / "events.log")))
    (tmp_path / "words.log").write_text("he said SIP/2.0 404 Not Found\nINVITE sip:a@b.example SIP/2.0\n")
    with pytest.raises(TraceError, match="at byte 8: a start line stands here, but no message is read"):
        list(explain_trace(str(tmp_path / "words.log")))


def test_headers_quoted_alone(tmp_path: Path) -> None:
    quoted = tmp_path / "post.txt"
    quoted.write_text('We get this:\n> ms-diagnostics: 1027;reason="Cannot route";source="sip.example.com"\nWhy?\n')
    (finding,) = explain_trace(str(quoted))
    assert (finding.codes, finding.position) == (("ms-diagnostics 1027",), 13)
    assert finding.details["source"] == "sip.example.com" and finding.side is Side.REFUSER


@pytest.mark.parametrize(
    ("header", "codes", "domain", "words"),
    [
        (
            '1047;reason="x";WinsockFailureCode="10054(WSAECONNRESET)";Peer="sip.partner.example";Port="5061"',
            ("ms-diagnostics 1047", "winsock 10054(WSAECONNRESET)"),
            "partner.example",
            "does not trust the certificate",
        ),
        ('1047;reason="x"', ("ms-diagnostics 1047",), "theirs.example", "TLS with the federated partner"),
        ('1046;reason="so";winsock-code="10060"', ("ms-diagnostics 1046", "winsock 10060"), "", "did not answer"),
        ('1046;reason="so"', ("ms-diagnostics 1046",), "", 'the header says: "so"'),
        ('2000004;reason="x"', ("ms-diagnostics 2000004",), "", "no tenant"),
        ('1009;domain =" no.example "', ("ms-diagnostics 1009",), "no.example", "SRV target"),
    ],
)
def test_numbers_with_details(header: str, codes: tuple[str, ...], domain: str, words: str) -> None:
    found = explained("504 Server time-out", f"ms-diagnostics: {header}")
    assert found is not None and (found.codes, found.domain) == (codes, domain)
    assert words in "; ".join(found.words)


@pytest.mark.parametrize(
    ("hresult", "checks"),
    [
        ("0x800B0109(CERT_E_UNTRUSTEDROOT)", ("tls.trusted", "tls.chain-complete")),
        ("0x800B0101(CERT_E_EXPIRED)", ("tls.dates",)),
        ("0x80090331(SEC_E_ALGORITHM_MISMATCH)", ("tls.versions", "tls.suites")),
    ],
)
def test_an_hresult_leaves_only_what_it_says(hresult: str, checks: tuple[str, ...]) -> None:
    found = explained("504 Server time-out", f'ms-diagnostics: 1010;reason="x";HRESULT="{hresult}"')
    assert found is not None and found.checks == checks
    assert not any("not trusted or carries the wrong name" in words for words in found.words)


@pytest.mark.parametrize("status", [405, 406, 415, 480, 486, 488, 489, 603, 606])
def test_a_bare_status_is_told_in_plain_words(status: int) -> None:
    found = explained(f"{status} Something", "Server: RTC/6.0")
    assert found is not None and found.side is Side.REFUSER and "nothing but the status" not in found.words[0]
