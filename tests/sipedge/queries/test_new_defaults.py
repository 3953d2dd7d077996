"""Keys that are not written and whose defaults have become stricter: noted until they are written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.configuration import EDGE, write
from support.paths import ROOT

from sipedge.queries.new_defaults import OF_ZONES, new_defaults
from zones.zone import DefaultZone, DnsZone, FromDomain

LISTENER = '\n[[listener]]\nname = "l"\naddress = "127.0.0.1"\nport = 5060\ntransport = "TCP"\n'
DNS = '\n[[zone]]\ntype = "dns"\nname = "Out"\ntransport = "TCP"\n'
NEAR = '\n[[zone]]\ntype = "neighbor"\nname = "Near"\npeers = ["192.0.2.1"]\ntransport = "TCP"\n'
DEFAULT = '\n[[zone]]\ntype = "default"\n'


def noted(folder: Path, text: str) -> dict[str, str]:
    """Key -> the zones that it concerns."""
    found = [one.why for one in new_defaults(str(write(folder, text)))]
    pairs = [re.match(r'(.*?) (?:does|do) not say "(\w+)"', why) for why in found]
    return {pair[2]: pair[1] for pair in pairs if pair}


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (EDGE, {}),
        (EDGE + NEAR, {"authentication_trust": 'zone "Near"'}),
        (EDGE + DNS, {"authentication_trust": 'zone "Out"', "allow_private": 'zone "Out"'}),
        (EDGE + NEAR + "authentication_trust = false\n", {}),
        (
            EDGE + LISTENER + DNS,
            {
                "from_domain": 'zone "Default Zone"',
                "authentication_trust": 'zones "Out", "Default Zone"',
                "allow_private": 'zones "Out", "Default Zone"',
                "route_age": "[edge]",
            },
        ),
        (EDGE + "route_age = 0\n" + LISTENER + DEFAULT + "allow_private = true\nauthentication_trust = true\n", None),
    ],
)
def test_what_is_not_written(tmp_path: Path, text: str, keys: dict[str, str] | None) -> None:
    if keys is None:
        keys = {"from_domain": 'zone "Default Zone"', "border": 'zone "Default Zone"'}
    assert noted(tmp_path, text) == keys


def test_a_note_names_the_way_back_and_the_default(tmp_path: Path) -> None:
    (note,) = new_defaults(str(write(tmp_path, EDGE + NEAR)))
    assert note.mend == (
        "authentication_trust = true lets them pass; authentication_trust = false keeps the default and ends this note"
    )
    assert note.location.line == 5


def test_the_defaults_are_those_that_it_tells() -> None:
    for new in OF_ZONES:
        for zone in (DefaultZone(), DnsZone(name="D")):
            value = getattr(zone, new.key)
            told = f'"{value.value}"' if isinstance(value, FromDomain) else str(value).lower()
            assert told == new.default, new.key


def test_the_example_on_the_page_shows_it(tmp_path: Path) -> None:
    example = re.search(r"\n```toml\n(.*?)\n```\n", (ROOT / "docs/checks/new-default.md").read_text(), re.DOTALL)
    assert example and list(noted(tmp_path, example[1] + "\n")) == ["route_age"]
