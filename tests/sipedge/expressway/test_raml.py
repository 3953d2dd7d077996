"""The box's own description: what it allows, and what no description is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from sipedge.expressway.raml import MAX_SIZE, RamlError, enumerations
from sipedge.lab.parties.expressway_box import VALUES, raml

HEAD = "#%RAML 0.8\n"
INLINE = """#%RAML 0.8
/api:
  /common:
    /searchrule:
      get:
        responses:
          200:
            body:
              application/json:
                schema: |
                  {"items": {"properties": {"State": {"enum": ["Enabled", "Disabled"]}, "Name": {"type": "string"},
                   "Mode": {"$ref": "#/definitions/mode"}}}, "definitions": {"mode": {"enum": ["AnyAlias"]}}}
      post:
        body:
          application/json:
            schema: !include other.json
"""


def test_named_schemas() -> None:
    assert enumerations(raml()) == {"common/searchrule": {key: tuple(values) for key, values in VALUES.items()}}


def test_schemas_in_place_with_items_and_definitions() -> None:
    found = enumerations(INLINE)
    assert found == {"api/common/searchrule": {"State": ("Enabled", "Disabled"), "Mode": ("AnyAlias",)}}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("<html></html>", "does not begin with"),
        (HEAD + "a: [", "is no YAML"),
        (HEAD + "- 1", "holds no resources"),
        (HEAD + "a: &x [1]\nb: *x", "uses aliases"),
        (HEAD + "x" * MAX_SIZE, "has more than"),
        (HEAD + "[" * 5000, "is no YAML"),
    ],
)
def test_what_is_no_description_is_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(RamlError, match=sentence):
        enumerations(text)


@given(st.text(alphabet="/ab: \n-{}[]\"'!&*|>schemapostbody#", max_size=200))
@examples(200)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        enumerations(HEAD + text)
    except RamlError as error:
        assert "\n" not in str(error)
