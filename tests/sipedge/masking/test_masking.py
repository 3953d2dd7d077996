"""A decision without names, whoever wrote them wherever."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from support.decisions import record
from support.examples import examples

from sipedge.masking.masking import HIDDEN, Masking
from sipedge.masking.pseudonyms import KEY, Pseudonyms

MASKING = Masking(Pseudonyms(b"k" * KEY))
BOB = MASKING.pseudonyms.of("bob")
USERS = st.text(st.sampled_from("qxz79+.-_!~*'()"), min_size=4, max_size=20)


def test_a_user_has_one_pseudonym_in_all_spellings() -> None:
    assert MASKING.alias("Bob@example.com") == f"{BOB}@example.com"
    assert MASKING.alias("sips:b%6fb@example.com:5061;x=y?z") == f"sips:{BOB}@example.com:5061"
    assert MASKING.header('"Bob" <sip:bob@far.example>;tag=1') == f"<sip:{BOB}@far.example>"
    assert MASKING.alias("tel:bob") == f"tel:{BOB}"


def test_domains_stay_but_what_a_plan_made_of_an_alias_may_be_a_name() -> None:
    assert MASKING.alias("imp1.example.com") == "imp1.example.com"
    assert MASKING.made("anna.schmidt") == MASKING.pseudonyms.of("anna.schmidt")
    assert MASKING.after("imp1.example.com", "imp1.example.com") == "imp1.example.com"
    assert MASKING.alias("") == MASKING.made("") == MASKING.header("") == ""


def test_sentences_of_the_edge_name_nobody() -> None:
    said = "Bob at bob@far.example, +4930123456 and 4930123456; not bobby"
    found = MASKING.record(record(1, "bob@example.com", own=True, reason=said, status=403))
    assert found["reason"] == f"{HIDDEN} at {HIDDEN}, {HIDDEN} and {HIDDEN}; not bobby"


def test_of_answers_of_others_numbers_stay() -> None:
    more = {"own": False, "status": 504, "reason": "ask marvin", "diagnostics": ("1034;reason=marvin", "marvin")}
    found = MASKING.record(record(1, **more))
    assert (found["status"], found["reason"], found["diagnostics"]) == (504, "", ["1034", ""])


@examples(60)
@given(USERS)
def test_no_field_of_a_decision_names_the_user(user: str) -> None:
    alias = f"{user}@example.com"
    lines = (f'From: "{user}" <sip:{user}@far.example;{user}>;tag={user}'.encode(), alias.encode(), user.encode())
    made = record(1, alias, lines=lines, call_id=f"{user}@far.example", reason=f"of {user}", own=True)
    assert user in json.dumps(made, ensure_ascii=False)
    found = MASKING.record(made)
    assert user.lower() not in json.dumps(found, ensure_ascii=False).lower()
    assert found.keys() == made.keys() and found["alias"].endswith("@example.com")
