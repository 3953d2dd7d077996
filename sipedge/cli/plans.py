"""What a command reads its plan from: a configuration, or one dial plan file on its own."""

from __future__ import annotations

from dataclasses import dataclass

from dialplan.analysis import Sender
from dialplan.check import assumed_variables
from dialplan.language.parser import parse_dialplan
from dialplan.problem import DialplanError
from dialplan.search.search import CompiledPlan
from sipedge.config import ConfigError, load_config
from sipedge.queries.bare import bare_settings
from sipedge.queries.senders import senders_of_zones
from sipedge.queries.speakers import open_zones
from sipedge.settings import Settings
from zones.addresses import Allowed, canonical_address, forbidden
from zones.zone import DnsZone

from .files import check_readable, read_text
from .printing import amount
from .problems import fail

ENDING = ".dialplan"


@dataclass(frozen=True, slots=True)
class LoadedPlan:
    """``senders`` is None where no configuration says which zones there are; ``about`` is a few words for people.

    ``notes``: sentences about the configuration that are no fault.
    """

    plan: CompiledPlan
    senders: tuple[Sender, ...] | None
    about: str
    notes: tuple[str, ...] = ()
    """One sentence each, about the zones."""
    settings: Settings | None = None
    """None where a dial plan stands alone."""


def read_settings(file: str) -> Settings:
    """Raises ConfigError or DialplanError with all problems; what cannot be read as a file ends with status 2.

    A dial plan has no zones but those that its rules name, and its variables have some value.
    """
    if not file.lower().endswith(ENDING):
        check_readable(file)
        return load_config(file, create_secret=False)
    dialplan = parse_dialplan(read_text(file), file)
    return bare_settings(dialplan, assumed_variables(dialplan))


def load_settings(file: str) -> Settings:
    """As ``read_settings``, for commands that can do nothing with a broken file: it ends them with status 2."""
    try:
        return read_settings(file)
    except (ConfigError, DialplanError) as error:
        fail(error.problems)


def load_plan(file: str) -> LoadedPlan:
    """As ``read_settings``."""
    settings = read_settings(file)
    plan = settings.plan
    if not settings.zones:
        transforms, rules = len(plan.dialplan.transforms), len(plan.dialplan.rules)
        return LoadedPlan(plan, None, f"{amount(transforms, 'transform')}, {amount(rules, 'search rule')}")
    zones = len(settings.zones) - 1
    about = f"{amount(len(settings.listeners), 'listener')}, {amount(zones, 'zone')} and the Default Zone"
    return LoadedPlan(plan, senders_of_zones(settings.zones), about, _notes(settings), settings)


def _notes(settings: Settings) -> tuple[str, ...]:
    """Zones outside that compare no From, and DNS zones that refuse what their DNS may well give."""
    servers = (canonical_address(server) or server.rpartition(":")[0] for server in settings.dns.servers)
    private = [server for server in servers if forbidden(server, Allowed(loopback=True))]
    return tuple(open_zones(settings)) + tuple(
        f'zone "{zone.name}" connects to no private address, but the DNS server {private[0]} may give some: '
        "allow_private = true lets them pass"
        for zone in settings.zones
        if private and isinstance(zone, DnsZone) and not zone.allow_private
    )
