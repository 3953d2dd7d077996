"""An edge with an outside whose inner zones do not say what may be seen of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.configuration import EDGE, write
from support.paths import ROOT

from sipedge.queries.open_zones import open_zones

LISTENER = '\n[[listener]]\nname = "l"\naddress = "127.0.0.1"\nport = 5060\ntransport = "TCP"\n'
DNS = '\n[[zone]]\ntype = "dns"\nname = "Out"\ntransport = "TCP"\n'
NEAR = '\n[[zone]]\ntype = "neighbor"\nname = "Near"\npeers = ["192.0.2.1"]\ntransport = "TCP"\n'
FAR = NEAR.replace("Near", "Far").replace("192.0.2.1", "192.0.2.2")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (EDGE + NEAR, None),
        (EDGE + LISTENER, None),
        (EDGE + DNS + NEAR + 'topology = "hidden"\n', None),
        (EDGE + DNS + NEAR + 'topology = "open"\n', None),
        (EDGE + DNS + NEAR, 'zone "Near" does not say "topology": peers of "Out" see'),
        (EDGE + LISTENER + NEAR + FAR, 'zones "Near", "Far" do not say "topology": peers of "Default Zone" see'),
        (EDGE + DNS + FAR + 'topology = "open"\n' + NEAR, 'zone "Near" does not say'),
    ],
)
def test_an_inner_zone_beside_an_outside_is_noted_until_it_says_what_may_be_seen(
    tmp_path: Path, text: str, why: str | None
) -> None:
    found = list(open_zones(str(write(tmp_path, text))))
    assert [one.why.startswith(why or "-") for one in found] == [True] * (why is not None)


def test_the_example_of_its_page_shows_it(tmp_path: Path) -> None:
    example = re.search(r"\n```toml\n(.*?)\n```\n", (ROOT / "docs/checks/open-topology.md").read_text(), re.DOTALL)
    assert example
    (found,) = open_zones(str(write(tmp_path, example[1] + "\n")))
    assert (found.id, found.location.line) == ("open-topology", 5)
