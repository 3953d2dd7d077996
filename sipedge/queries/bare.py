"""A dial plan without a configuration, as settings: no zones but those that its rules name."""

from __future__ import annotations

from dialplan.language.zone_names import with_zone_names
from dialplan.model import Dialplan, Variables
from dialplan.search.search import CompiledPlan
from sipedge.settings import Settings

NAME_OF_A_BARE_PLAN = "edge.invalid"
"""Where nothing gives a system name."""


def bare_settings(dialplan: Dialplan, variables: Variables) -> Settings:
    """``zones`` stays empty. Raises DialplanError for a pattern that is refused with these variables."""
    plan = CompiledPlan(with_zone_names(dialplan), variables)
    return Settings(variables.system_name or NAME_OF_A_BARE_PLAN, variables.domains, (), plan)
