"""Values for ``%localdomains%`` and the others where a plan is looked at without its configuration."""

from __future__ import annotations

from dialplan.model import Dialplan, SearchRule, Transform, Variables
from dialplan.pattern.variables import VARIABLE


def assumed_variables(plan: Dialplan) -> Variables:
    """As many of each as the plan refers to by number, and at least one."""
    entries: list[Transform | SearchRule] = [*plan.transforms, *plan.rules]
    texts = [text for one in entries for text in (one.pattern, one.replace)]
    names = [match[1].lower() for text in texts for match in VARIABLE.finditer(text)]
    domains = max([1, *(int(one[11:]) for one in names if one.startswith("localdomain") and one[11:].isdigit())])
    return Variables(
        ipv4=("192.0.2.1", "192.0.2.2"),
        ipv6=("2001:db8::1", "2001:db8::2"),
        domains=tuple(f"local{number}.example" for number in range(1, domains + 1)),
        system_name="edge",
    )
