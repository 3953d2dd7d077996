"""What people met: their files, the command that they gave, and the answer that is right (tests/data/cases)."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from support.paths import DATA

from sipedge.cli import main

CASES = DATA / "cases"
COUNTS = {
    "pcap-far-apart/sparse_2days.pcap": 10,
    "pcap-far-apart/sparse_25h.pcap": 10,
    "pcap-far-apart/merged_3.pcap": 5,
    "pcap-far-apart/merged_rev.pcap": 4,
    "silent-empty/freeswitch_indented.log": 4,
    "silent-empty/journald_multiline.log": 4,
    "silent-empty/indent4.txt": 1,
    "silent-empty/linenum.txt": 1,
    "silent-empty/linphone_logcat.log": 4,
    "silent-empty/mail_quoted.txt": 2,
    "silent-empty/nbsp_all.txt": 1,
    "body-takes-log-lines/asterisk_console.log": 4,
    "body-takes-log-lines/docker_json.log": 4,
    "body-takes-log-lines/homer_txt.log": 4,
    "body-takes-log-lines/ios_ccsip.log": 4,
    "body-takes-log-lines/pidgin_sipe.log": 4,
    "body-takes-log-lines/pjsua.log": 4,
    "s4-records/lync_s4.log": 4,
    "cms-sip-trace/cms_siptrace.log": 4,
    **{
        f"tunnels/{file}.pcap": 1
        for file in ("erspan1_udp", "erspan2_tcp", "geneve_udp", "gre_ip_udp", "gretap_tcp", "gtp_tcp", "vxlan_tcp")
    },
}
"""Trace -> messages in it."""
UNTOLD = "a number that is not known here"
EXPLAINED: dict[str, list[str]] = {
    "diagnostics-1047/d1038.sip": ["ms-diagnostics 1038, winsock 10060", UNTOLD, "did not answer"],
    "diagnostics-1047/d1039.sip": ["ms-diagnostics 1039", UNTOLD, "does not trust the certificate"],
    "diagnostics-1047/d1046.sip": ["ms-diagnostics 1046, winsock 10060", UNTOLD, "did not answer"],
    "diagnostics-1047/d1047.sip": ["TLS with the federated partner's server failed", "own.chain", "doctor example.com"],
    "diagnostics-1047/dhr.sip": ["CERT_E_UNTRUSTEDROOT", "check next  tls.trusted, tls.chain-complete\n"],
    "diagnostics-1047/dhr2.sip": ["no TLS version or cipher suite in common", "check next  tls.versions, tls.suites\n"],
    "diagnostics-1047/dhr3.sip": ["CERT_E_EXPIRED", "check next  tls.dates\n"],
    "bare-status/d415.sip": ["the type of the body is not taken there"],
    "bare-status/d480b.sip": ["nobody is signed in there"],
    "bare-status/d489.sip": ["the event package in Event (presence, for instance) is not served there"],
    "bare-status/d606.sip": ["refused by a policy of the other side"],
    "expressway-events/exp_tls.log": ["no client certificate", "no CA that is trusted here", "4 refusals found"],
    "expressway-events/exp_info.log": ["NOTIFY answered by this box with 404", "check next  sip.notify-return\n"],
}
"""Trace -> words of ``doctor --explain``."""
WARNED: dict[str, list[str]] = {
    "replace-makes-no-address/repl.dialplan": [
        'a group is \\1 here: write "\\1@example.com"',
        'the new alias is "@new.example"',
        'the new alias is ".*@new.example"',
        'the new alias is "alicenew.example"',
        "4 warnings",
    ],
    "domain-boundary/bound.dialplan": [
        "it matches alice@notexample.com too",
        "it matches alice@notexample.net too",
        "close it with (;.*|:.*)? instead of .*",
        "3 warnings",
    ],
}
"""Dial plan -> words of ``check``."""


def run(*words: str, text: str | None = None) -> tuple[int, str]:
    result = CliRunner().invoke(main, words, input=text)
    return result.exit_code, result.output


def test_every_case_is_here() -> None:
    told = {Path(name).parent.name for name in (*COUNTS, *EXPLAINED, *WARNED)} | {"header-only", "star-hint"}
    assert {folder.name for folder in CASES.iterdir()} == told


@pytest.mark.parametrize("name", COUNTS)
def test_a_trace_is_read_whole(name: str) -> None:
    status, text = run("messages", str(CASES / name))
    assert (status, len(text.splitlines())) == (0, COUNTS[name])


@pytest.mark.parametrize("name", [name for name in COUNTS if name.startswith("silent-empty")])
def test_no_command_takes_a_trace_for_empty(name: str, tmp_path: Path) -> None:
    config, trace = str(CASES / "silent-empty" / "z.toml"), str(CASES / name)
    assert run("replay", config, trace, "--backtest", config)[1].split()[:3] != ["0", "of", "0"]
    assert run("anonymise", trace, "-o", str(tmp_path / "x.jsonl"))[0] == 0
    assert len((tmp_path / "x.jsonl").read_text().splitlines()) == COUNTS[name]
    assert "alice@example.com" in run("ladder", trace)[1]
    assert "found" in run("doctor", "--explain", trace)[1]


def test_another_boxes_log_says_who_sent_what() -> None:
    folder = CASES / "s4-records"
    subscribe, notify = run("replay", str(folder / "z.toml"), str(folder / "lync_s4.log"))[1].splitlines()[1:]
    assert " SFB " in subscribe and "to IMP" in subscribe
    assert notify.endswith(": sent by the edge")


@pytest.mark.parametrize("name", EXPLAINED)
def test_a_refusal_is_explained(name: str) -> None:
    status, text = run("doctor", "--explain", str(CASES / name))
    assert status == 1 and all(words in text for words in EXPLAINED[name]), text


def test_a_header_quoted_alone_is_explained() -> None:
    status, text = run("doctor", "--explain", "-", text=(CASES / "header-only" / "header.txt").read_text())
    assert status == 1 and "ms-diagnostics 1027" in text and "standard input" in text


@pytest.mark.parametrize("name", WARNED)
def test_a_doubtful_plan_is_warned_of(name: str) -> None:
    status, text = run("check", str(CASES / name))
    assert status == 3 and all(words in text for words in WARNED[name]), text


def test_a_star_of_file_names_gets_what_was_meant() -> None:
    status, text = run("check", str(CASES / "star-hint" / "star.dialplan"))
    assert status == 1
    assert 'write .* for any characters: .*@msexample\\.com, or pattern type suffix "@msexample.com"' in text
