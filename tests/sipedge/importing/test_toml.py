from __future__ import annotations

import tomllib

from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from sipedge.importing.toml import Table, write_toml


def test_tables_comments_and_notes() -> None:
    tables = [
        Table("[a]", {"b": True, "c": 2.5, "d": ["x", 'y"']}, ["why", ""], {"b": "safer"}),
        Table("[[z]]", {"n": 1}),
    ]
    assert write_toml(["head"], tables) == (
        '# head\n\n# why\n#\n[a]\nb = true  # safer\nc = 2.5\nd = ["x", "y\\""]\n\n[[z]]\nn = 1\n'
    )


@examples(200)
@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_any_text_is_read_as_it_was(text: str) -> None:
    assert tomllib.loads(write_toml([text], [Table("[a]", {"b": text, "c": [text]}, [text], {"b": text})])) == {
        "a": {"b": text, "c": [text]}
    }
