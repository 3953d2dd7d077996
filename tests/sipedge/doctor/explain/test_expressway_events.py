from __future__ import annotations

from pathlib import Path

import pytest
from support.paths import DATA

from sipedge.doctor.checks.table import CHECKS
from sipedge.doctor.explain import expressway_events
from sipedge.doctor.explain.codes import Side
from sipedge.doctor.explain.decode import explain_trace

STAMP = "2024-05-06T07:08:09.123+00:00 expe tvcs: "
TIME = 'UTCTime="2024-05-06 07:08:09,122"'
SIP = (
    STAMP + TIME + ' Module="network.sip" Level="DEBUG":  Action="Sent" Local-ip="192.0.2.1" Local-port="5061" '
    'Dst-ip="192.0.2.2" Dst-port="5061"\n SIPMSG:\n |SIP/2.0 404 Not Found\n Via: SIP/2.0/TLS 192.0.2.2:5061\n '
    "CSeq: 1 NOTIFY\n Call-ID: c1\n From: <sip:a@x.example>;tag=1\n To: <sip:b@y.example>\n Content-Length: 0\n \n |\n"
)
NOT_FOUND = 'Event="Search Completed" Reason="Not Found" Detail="found:false, searchtype:INVITE, Info:{}" '
ANSWER = 'Module="network.sip" Level="INFO": Detail="{} Response Code={}, Method=NOTIFY, CSeq=1, Call-ID=c1, x=y"'


def line(text: str) -> str:
    return f"{STAMP}{text} {TIME}\n"


def tls(detail: str, name: str = "") -> str:
    return line(f'Event="Outbound TLS Negotiation Error" Service="SIP" Detail="{detail}" Common-name="{name}"')


def explained(folder: Path, *lines: str) -> list[tuple[str, str]]:
    log = folder / "x.log"
    log.write_text("".join(lines))
    return [(finding.what, finding.words[0]) for finding in explain_trace(str(log))]


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        ("peer did not return a certificate", "showed no client certificate"),
        ("self signed certificate in certificate chain", "leads to no CA that is trusted here"),
        ("unable to get local issuer certificate", "leads to no CA that is trusted here"),
        ("certificate has expired", "has expired"),
        ("tlsv1 alert unknown ca", "does not trust the CA of the certificate shown here"),
        ("no shared cipher", "no cipher suite in common"),
        ("unsupported protocol", "no TLS version in common"),
        ("something else", "TLS with the other side failed"),
    ],
)
def test_tls_faults_also_beside_messages(tmp_path: Path, detail: str, words: str) -> None:
    ((what, told),) = explained(tmp_path, tls(detail))
    assert what == f"Outbound TLS Negotiation Error: {detail}" and words in told
    assert [what for what, _ in explained(tmp_path, SIP, tls(detail))] == ["SIP/2.0 404 Not Found", what]


def test_the_name_in_a_certificate_says_the_domain(tmp_path: Path) -> None:
    (tmp_path / "x.log").write_text(tls("certificate has expired", "sip.example.org"))
    (finding,) = explain_trace(str(tmp_path / "x.log"))
    assert (finding.domain, finding.side, finding.checks) == ("example.org", Side.TLS, ("tls.dates",))
    assert finding.time == 1714979289.122


def test_searches_and_answers_are_told_where_there_are_no_messages(tmp_path: Path) -> None:
    lines = [line(NOT_FOUND.format("Policy Response")), line(NOT_FOUND.format("")), line(ANSWER.format("Sending", 404))]
    whats = [what for what, _ in explained(tmp_path, *lines, line(ANSWER.format("Received", 407)))]
    assert whats[2:] == ["NOTIFY answered by this box with 404"] and whats[0].startswith("Search Completed: Not Found")
    assert [what for what, _ in explained(tmp_path, SIP, *lines)] == ["SIP/2.0 404 Not Found"]


def test_checks_that_are_pointed_to_exist() -> None:
    known = [meaning for _, meaning in expressway_events._TLS_FAULTS]
    assert {check for meaning in known for check in meaning.checks} <= CHECKS.keys()


def test_published_events() -> None:
    folder = DATA / "cases" / "expressway-events"
    first, second, third, fourth = explain_trace(str(folder / "exp_tls.log"))
    assert "showed no client certificate" in first.words[0]
    assert "no CA that is trusted here" in second.words[0] and second.domain == "example.org"
    assert "preloaded Routes or the call policy" in third.words[0]
    assert "wrong name or password" in fourth.words[0]
    (finding,) = explain_trace(str(folder / "exp_info.log"))
    assert finding.what == "NOTIFY answered by this box with 404" and finding.checks == ("sip.notify-return",)
