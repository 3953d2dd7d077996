"""A dial plan without a configuration."""

from __future__ import annotations

from support.linting import rule

from dialplan.language.parser import parse_dialplan
from dialplan.model import Variables
from sipedge.queries.bare import NAME_OF_A_BARE_PLAN, bare_settings
from sipedge.queries.query import zone_named


def test_zones_are_those_of_the_rules_by_their_first_spelling() -> None:
    text = rule("a", 1, "a", zone="IMP") + rule("b", 2, "b", zone="imp")
    settings = bare_settings(parse_dialplan(text, "p"), Variables(domains=("example.com",)))
    assert [each.target for each in settings.plan.dialplan.rules] == ["IMP", "IMP"]
    assert (settings.system_name, settings.domains) == (NAME_OF_A_BARE_PLAN, ("example.com",))
    assert zone_named("Imp", settings) == "IMP"
