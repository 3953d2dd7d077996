from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.settings import EDGE, make_settings, rule

from sipedge.anonymise.addresses import Addresses
from sipedge.anonymise.classes import RoutingClasses, settle
from sipedge.anonymise.text import Text
from sipedge.anonymise.words import Words
from sipedge.decision.installation import Installation

PLAN = (
    'transform "short" {\n pattern type regex\n pattern "00(\\d+)@(.*)"\n behavior replace\n replace "\\1@x"\n}\n'
    + rule("service", "Inside", r"5\d{3}@.*", priority="10")
    + rule("ours", "Inside", r".*@(.*\.)?inside\.example", priority="20")
    + rule("sales", "Outside", r"(sales|info)@.*", priority="30")
    + rule("not ours", "Outside", r"(?!.*@%localdomains%).*", priority="40")
)
CLASSES = RoutingClasses(Installation(make_settings(PLAN), {}))
URIS = [
    "sip:5010@pbx.contoso.example",
    "sip:6010@pbx.contoso.example",
    "sip:alice@inside.example",
    "sip:alice@node.inside.example:5061;transport=tls",
    "sip:sales@contoso.example",
    "sip:0049151@contoso.example",
    "sip:edge.inside.example:5061;lr",
    f"sip:{EDGE}:5061;lr",
    "sip:juliet@fabrikam.example;opaque=user:epid:QmFz;gruu",
]


def text() -> Text:
    return Text(Words(b"key"), Addresses(b"key", lambda address: address == EDGE))


def test_every_uri_keeps_its_class_and_most_words_go() -> None:
    one = text()
    assert settle(URIS, CLASSES, one) == 0
    made = [one.header(uri) for uri in URIS]
    assert [CLASSES.of(uri) for uri in made] == [CLASSES.of(uri) for uri in URIS]
    assert "alice@" not in made[2] and made[2].endswith("@inside.example")
    assert "contoso" not in "".join(made) and "juliet" not in "".join(made) and "fabrikam" not in "".join(made)
    assert "sales@" in made[4] and "5010" not in made[0] and made[0][4] == "5"
    assert made[6] == URIS[6] and made[7] == URIS[7]


def test_classes_tell_rules_transform_and_the_edge_itself() -> None:
    found = [CLASSES.of(uri) for uri in URIS]
    assert found[0] != found[1] and found[2] == CLASSES.of("sip:bob@inside.example")
    assert CLASSES.of("tel:5010") is None and CLASSES.of("nonsense") is None


@pytest.mark.slow
@examples(30)
@given(
    st.lists(
        st.from_regex(r"sip:([a-z]{1,6}|0{0,2}[1-9]\d{0,5})@([a-z]{1,5}\.)?(inside|outside)\.example", fullmatch=True),
        max_size=8,
    )
)
def test_any_uris_can_be_settled(uris: list[str]) -> None:
    one = text()
    assert settle(uris, CLASSES, one) == 0
    for uri in uris:
        assert CLASSES.of(one.header(uri)) == CLASSES.of(uri)


@pytest.mark.parametrize("uris", [[], ["nonsense"], ["tel:1"]])
def test_nothing_to_settle(uris: list[str]) -> None:
    assert settle(uris, CLASSES, text()) == 0
