"""What the API answers, as settings; whatever it answers."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.expressway_box import ANSWERS

from dialplan.importers.xconfiguration import read_dump
from sipedge.expressway.answers import NEEDED, OPTIONAL, dump_of, dump_text, not_given
from sipedge.importing.expressway import import_dump

SERVER = {
    "Name": "to C",
    "SIPPort": 7001,
    "SIPTLSVerifySubjectName": "expc.example",
    "SIPPreloadedSipRoutesSupport": "On",
    "AuthenticationUserName": "traversal",
    "HopCount": 20,
    "TCPProbeRetryInterval": 2,
    "Status": "Active",
}


def text_of(answers: dict[str, list[dict[str, Any]]]) -> str:
    return dump_text(dump_of(answers, "box.example"))


def test_a_zone_by_the_words_of_the_command_line() -> None:
    text = text_of({"edge/zone/unifiedcommunicationstraversal": [SERVER]})
    for line in (
        'Zone 1 Type: "TraversalServer"',
        'Zone 1 TraversalServer Collaboration Edge: "On"',
        'Zone 1 TraversalServer SIP Port: "7001"',
        'Zone 1 TraversalServer SIP TLS Verify Subject Name: "expc.example"',
        'Zone 1 TraversalServer SIP PreloadedSipRoutes Accept: "On"',
        'Zone 1 TraversalServer Authentication UserName: "traversal"',
        'Zone 1 TraversalServer TCPProbeRetryInterval: "2"',
        'Zone 1 HopCount: "20"',
    ):
        assert f"xConfiguration Zones {line}\n" in text
    assert "Active" not in text


def test_sip_settings_that_were_seen_in_a_real_answer() -> None:
    text = text_of({"common/protocol/sip/configuration": [{"SipMode": "On", "TlsPort": 5061, "MutualTlsMode": "On"}]})
    assert 'SIP Mode: "On"\n' in text and 'SIP TLS Port: "5061"\n' in text and 'SIP MutualTlsMode: "On"\n' in text


def test_a_dump_fills_in_what_the_api_does_not_give_and_no_more() -> None:
    dump = read_dump(
        'xConfiguration Zones DefaultZone SIP TLS Verify Mode: "On"\n'
        'xConfiguration Zones Zone 9 Name: "old"\n'
        'xConfiguration IP DNS Hostname: "expc"\n'
        "xConfiguration Policy\n"
    )
    text = dump_text(dump_of(ANSWERS, "other.example", dump))
    assert "DefaultZone" in text and '"old"' not in text and 'IP DNS Hostname: "expc"' in text
    assert [what for what in not_given(dump) if "Default Zone" in what or "host name" in what] == []
    assert len(not_given(None)) == 5
    assert dump_of(ANSWERS, "", dump).cut_off == [("Policy",)]


def test_the_written_settings_are_read_back() -> None:
    dump = dump_of(ANSWERS, "box.example")
    assert read_dump(dump_text(dump)).settings == dump.settings


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9**9) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
KEYS = st.sampled_from(["Name", "Priority", "State", "Mode", "TargetName", "Source", "PeerAddress", "SIPPort", ""])


@given(
    st.dictionaries(
        st.sampled_from([*NEEDED, *OPTIONAL]), st.lists(st.dictionaries(KEYS | st.text(), JSON), max_size=2)
    )
)
@examples(60)
def test_whatever_a_box_answers_makes_a_configuration(answers: dict[str, list[dict[str, Any]]]) -> None:
    imported = import_dump(dump_of(answers, ""), "box", "certificates")
    assert {"edge.toml", "edge.dialplan", "report.txt"} <= imported.files.keys()
    assert all(line.startswith("xConfiguration ") for line in dump_text(dump_of(answers, "")).splitlines())
