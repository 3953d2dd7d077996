"""docs/configuration.md names every key with its default."""

from __future__ import annotations

import json
from enum import Enum
from typing import Any

import pytest
from pydantic import BaseModel
from support.paths import ROOT

from sipedge.config.reading import schema, web_schema
from sipedge.config.reading.console import CONSOLE, OIDC

TEXT = (ROOT / "docs/configuration.md").read_text()

COMMON = set(schema.ZONES["dns"].model_fields) & set(schema.ZONES["neighbor"].model_fields)
POLICY = schema.ZONES["dns"].model_fields["tls"].annotation
RATE = schema.ZONES["neighbor"].model_fields["rate"].annotation
assert isinstance(POLICY, type) and isinstance(RATE, type)

TABLES: dict[str, tuple[type[BaseModel], set[str]]] = {
    "## [edge]": (schema.EdgeTable, set()),
    "## [tls]": (schema.TlsTable, set()),
    "Each entry of `server`": (schema.CertificateTable, set()),
    "## [[listener]]": (schema.LISTENER, set()),
    "## [[credential]]": (schema.CredentialTable, set()),
    "### All zones": (schema.ZONES["dns"], set(schema.ZONES["dns"].model_fields) - COMMON),
    "### [zone.tls]": (POLICY, set()),
    "### [zone.rate]": (RATE, set()),
    "### [zone.b2bua]": (schema.CALLS, set()),
    **{
        f'### type = "{kind}"': (model, COMMON - ({"name"} if kind == "default" else set()))
        for kind, model in schema.ZONES.items()
    },
    "### [[zone.access_rule]]": (schema.AccessRuleTable, set()),
    "## [limits]": (schema.LIMITS, set()),
    "## [timers]": (schema.TIMERS, set()),
    "## [dns]": (schema.DNS, set()),
    "## [log]": (schema.LOG, {"hep"}),
    "### [log.hep]": (schema.HEP, set()),
    "## [metrics]": (schema.METRICS, set()),
    "## [doctor]": (schema.DOCTOR, set()),
    "## [xmpp]": (schema.XMPP, {"route"}),
    "### [[xmpp.route]]": (schema.XMPP_ROUTE, set()),
    "## [web]": (web_schema.WEB, {"meeting_server", "publish"}),
    "### [[web.meeting_server]]": (web_schema.MEETING_SERVER, set()),
    "### [[web.publish]]": (web_schema.PUBLISH, set()),
    "## [turn]": (web_schema.TURN, {"user"}),
    "### [[turn.user]]": (web_schema.TurnUserTable, set()),
    "## [console]": (CONSOLE, {"oidc"}),
    "### [console.oidc]": (OIDC, set()),
}
"""Where a table is described -> its model, and the keys that are described elsewhere."""


def _rows(heading: str) -> dict[str, str]:
    """key -> default, of the first table after a heading."""
    section = TEXT.split(heading, 1)[1].split("| key | what | default |", 1)[1].split("\n\n", 1)[0]
    cells = [line.strip("|").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    return {row[0].strip(" `"): row[-1].strip(" |") for row in cells}


def _written(value: Any) -> str:
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return json.dumps(value)
    return f'"{value}"' if isinstance(value, str) else f"{value:.15g}" if isinstance(value, float) else str(value)


@pytest.mark.parametrize("heading", TABLES)
def test_every_key_is_described_with_its_default(heading: str) -> None:
    model, elsewhere = TABLES[heading]
    rows = _rows(heading)
    assert set(rows) == set(model.model_fields) - elsewhere
    for name in rows:
        info = model.model_fields[name]
        if info.is_required():
            assert rows[name] == "", name
        elif info.default is not None and not isinstance(info.default, BaseModel):
            assert rows[name].startswith(f"`{_written(info.default)}`"), name
