"""Values for ``%localdomains%`` and the others when a plan is checked without its configuration."""

from __future__ import annotations

from dialplan.model import Dialplan, Variables
from dialplan.pattern.variables import VARIABLE


def assumed_variables(plan: Dialplan) -> Variables:
    """One domain, or as many as the highest number in the plan; two addresses of each family; a system name."""
    texts = [text for entry in plan.entries for text in (entry.pattern, entry.replace)]
    names = [match[1].lower() for text in texts for match in VARIABLE.finditer(text)]
    numbers = [name.removeprefix("localdomain") for name in names if name.startswith("localdomain")]
    domains = max([1, *(int(number) for number in numbers if number.isdigit())])
    return Variables(
        ipv4=("192.0.2.1", "192.0.2.2"),
        ipv6=("2001:db8::1", "2001:db8::2"),
        domains=tuple(f"local{number}.example" for number in range(1, domains + 1)),
        system_name="edge",
    )
