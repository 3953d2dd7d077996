from __future__ import annotations

from xml.etree import ElementTree

from sipedge.traces.ladder.drawing import mermaid, svg
from sipedge.traces.ladder.ladder import Arrow, Heading, Note

LINES = [
    Heading(1.0, "INVITE from a to b"),
    Arrow(1.0, "A", "B", "1 INVITE bob@x;user=phone#1"),
    Note(1.0, "B", 'rule "to IMP"'),
    Arrow(1.5, "B", "A", "2 404 Not Found (INVITE)"),
    Arrow(1.6, "A", "A", "3 \x1b[31m"),
]
NAMESPACE = "{http://www.w3.org/2000/svg}"


def test_mermaid_has_participants_messages_and_notes() -> None:
    assert mermaid(LINES, ["A", "B"]).splitlines() == [
        "sequenceDiagram",
        "    participant P1 as A",
        "    participant P2 as B",
        "    Note over P1,P2: INVITE from a to b",
        "    P1->>P2: 1 INVITE bob@x#59;user=phone#35;1",
        '    Note over P2: rule "to IMP"',
        "    P2->>P1: 2 404 Not Found (INVITE)",
        "    P1->>P1: 3  [31m",
    ]
    assert mermaid(LINES[:1], ["A"]).splitlines()[2] == "    Note over P1: INVITE from a to b"
    assert mermaid([], []) == "sequenceDiagram\n"


def test_svg_is_sound_xml_with_an_arrow_a_message() -> None:
    root = ElementTree.fromstring(svg(LINES, ["A", "B"]))
    assert len(root.findall(f"{NAMESPACE}polygon")) == 3
    texts = [node.text for node in root.findall(f"{NAMESPACE}text")]
    assert "2 404 Not Found (INVITE)" in texts and 'rule "to IMP"' in texts and "    0.500" in texts
    assert not [text for text in texts if text and "\x1b" in text]
    failed = [node.attrib["fill"] for node in root.findall(f"{NAMESPACE}polygon")]
    assert failed[0] != failed[1]


def test_an_empty_ladder_is_a_picture_too() -> None:
    assert ElementTree.fromstring(svg([], [])).tag == f"{NAMESPACE}svg"


def test_a_challenge_is_no_failure_in_the_picture() -> None:
    lines = [Arrow(1.0, "A", "B", f"1 {status} Whatever") for status in (200, 401, 407, 404)]
    root = ElementTree.fromstring(svg(lines, ["A", "B"]))
    good, *challenges, failed = (node.attrib["fill"] for node in root.findall(f"{NAMESPACE}polygon"))
    assert len({good, failed, *challenges}) == 3
