"""The Default Zone of an Expressway and its access rules -> a table of ``edge.toml``."""

from __future__ import annotations

from collections.abc import Callable

from dialplan.importers.xconfiguration import Dump, View
from dialplan.model import PatternType, Variables
from dialplan.pattern.pattern import compile_pattern

from .toml import Value
from .zone_table import POLICIES, ZoneSection, possible_name

ANYBODY = (
    'the box does not compare From with the peer\'s certificate, so from_domain is "any"; think of "certificate". '
    "Own domains are refused from outside in any case"
)
Tell = Callable[[View, str, str], None]
"""(below which path, the setting, the remark)."""


def default_zone(dump: Dump, tcp: bool, variables: Variables, remark: Tell) -> ZoneSection | None:
    """None when the dump says nothing about it: then this edge's own defaults hold."""
    view = dump.under("Zones DefaultZone")
    rules = _access_rules(dump, variables, remark)
    if not view.line() and not rules:
        return None
    zone = ZoneSection({"type": "default", "from_domain": "any"})
    remark(view, "", ANYBODY)
    policy = view.word("Authentication Mode", "donotcheckcredentials")
    if policy not in POLICIES:
        remark(view, "Authentication Mode", f'"{policy}" is not known; credentials are checked')
    if policy != "donotcheckcredentials":
        zone.keys["authentication_policy"] = POLICIES.get(policy, POLICIES["checkcredentials"])
    if view.word("SIP Record Route Address Type") == "hostname":
        zone.keys["record_route_hostname"] = True
    if tcp:
        zone.keys["transport"] = "TCP"
    if view.on("SIP TLS Verify Mode", unknown=True):
        zone.rules = rules
        if not rules:
            text = "is on without access rules: everybody with a trusted certificate is let in"
            remark(view, "SIP TLS Verify Mode", text)
        return zone
    zone.keys["mutual_tls"] = False
    text = "is off: strangers without a certificate are let in; think of mutual_tls = true"
    remark(view, "SIP TLS Verify Mode", text)
    for rule in rules:
        remark(view, "", f'access rule "{rule["name"]}" is not taken over: the rules are off on the box too')
    return zone


def _access_rules(dump: Dump, variables: Variables, remark: Tell) -> list[dict[str, Value]]:
    """The reference does not print their path: any path below the Default Zone with "AccessRules Rule N" is taken."""
    prefixes = {
        setting.path[: at + 2]
        for setting in dump.settings
        if " ".join(setting.path[:2]).casefold() == "zones defaultzone"
        for at in range(2, len(setting.path) - 2)
        if setting.path[at].casefold().startswith("accessrule") and setting.path[at + 1].casefold() == "rule"
    }
    rules: list[dict[str, Value]] = []
    for words in sorted(" ".join(path) for path in prefixes):
        for number in dump.indexes(words):
            view = dump.under(words, str(number))
            rule = _access_rule(view, number, rules, remark)
            problem = _problem(rule, variables)
            if problem:
                remark(view, "Pattern String", f"{problem}; this rule ({rule['action']}) is left out")
            else:
                rules.append(rule)
    return rules


def _problem(rule: dict[str, Value], variables: Variables) -> str:
    """Why ``edge.toml`` would not take a rule, '' when it does."""
    if not rule["pattern"]:
        return "there is none"
    if rule["action"] not in ("allow", "deny"):
        return f'"{rule["action"]}" is not a known action'
    try:
        compile_pattern(PatternType(rule["pattern_type"]), str(rule["pattern"]), variables)
    except ValueError as error:  # PatternError is one
        return str(error)
    return ""


def _access_rule(view: View, number: int, others: list[dict[str, Value]], remark: Tell) -> dict[str, Value]:
    name = possible_name(view.text("Name"))
    if not name or name.casefold() in (str(other["name"]).casefold() for other in others):
        name = f"access rule {number}"
    view.take("Description")
    priority = view.text("Priority", "100")
    understood = priority.isdigit() and 0 < int(priority[:6]) < 65535
    rule: dict[str, Value] = {
        "name": name,
        "priority": int(priority) if understood else 100,
        "pattern_type": view.word("Pattern Type", "prefix"),
        "pattern": view.text("Pattern String"),
        "action": view.word("Action", "allow"),
    }
    understood &= view.word("State", "enabled") in ("enabled", "disabled")
    if view.word("State", "enabled") == "disabled":
        rule["enabled"] = False
    elif (not understood or view.is_cut_off) and rule["action"] != "deny":
        rule["enabled"] = False  # what is not understood lets nobody in, and a deny stays
        remark(view, "", "not all of it is understood; it is disabled here until you have seen to that")
    return rule
