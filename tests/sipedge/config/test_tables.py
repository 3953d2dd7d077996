"""Whatever stands in the tables: settings or a list of problems come out, never another exception."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from sipedge.config.checks import check_tables
from sipedge.config.reading import schema
from sipedge.config.reading.positions import Positions
from sipedge.config.reading.reader import Reader
from sipedge.config.reading.texts import OnDisk
from sipedge.config.tables import TABLES, read_tables

WORDS = ["x", "", "TLS", "example.com", "192.0.2.1", "1.2", "none.pem", "u", "strict", "Default Zone", "(", "regex"]
SCALARS = st.one_of(
    st.sampled_from([*WORDS, *schema.ZONES]),
    st.integers(-1, 70000),
    st.floats(),
    st.booleans(),
    st.text(max_size=60),
    st.just(10**30),
)
MODELS = [schema.EdgeTable, schema.TlsTable, schema.CredentialTable, schema.AccessRuleTable]
MODELS += [schema.LISTENER, schema.LIMITS, schema.TIMERS, schema.DNS, *schema.ZONES.values()]
KEYS = st.sampled_from(sorted({key for model in MODELS for key in model.model_fields} | {"unknown"}))
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=8
)


def _near(model: Any) -> st.SearchStrategy[dict[str, Any]]:
    """A table with some of the model's own keys, so that a part of them is right."""
    return st.dictionaries(st.sampled_from(sorted(model.model_fields)), VALUES, max_size=6)


def _zone(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    return _near(schema.ZONES[kind]).map(lambda raw: raw | {"type": kind})


DATA = st.one_of(
    st.dictionaries(st.sampled_from(TABLES), VALUES, max_size=8),
    st.fixed_dictionaries(
        {
            "edge": _near(schema.EdgeTable),
            "tls": _near(schema.TlsTable),
            "listener": st.lists(_near(schema.LISTENER), max_size=2),
            "credential": st.lists(_near(schema.CredentialTable), max_size=2),
            "zone": st.lists(st.one_of(*map(_zone, schema.ZONES)), max_size=3),
        }
    ),
)


@pytest.mark.slow
@examples(150)
@given(DATA)
def test_any_data_gives_tables_or_problems(data: dict[str, Any]) -> None:
    reader = Reader("nowhere/edge.toml", "", data, Positions([""]), OnDisk())
    tables = read_tables(reader)
    check_tables(reader, tables)
    for problem in reader.problems:
        assert str(problem).startswith("nowhere/edge.toml:1:1: ")
        assert "\n" not in problem.message
