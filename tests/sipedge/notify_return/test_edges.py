from __future__ import annotations

from dataclasses import replace

from support.federation_plan import INNER, OUTER, inside, outside
from support.settings import with_zone

from sipedge.notify_return import edges_of, links_of
from zones.zone import AuthenticationPolicy, Credential, TraversalServerZone


def test_a_client_reaches_the_server_zone_of_its_port_and_user() -> None:
    edges = edges_of([("in", inside()), ("out", outside())])
    (link,), problems = links_of(edges)
    assert str(link) == 'in (zone "Traversal client") and out (zone "Traversal server")' and problems == []
    assert links_of(edges[::-1])[0] == [link]


def test_no_server_fits() -> None:
    for change in ({"port": 7002}, {"credential": Credential("other", "x")}):
        edges = edges_of([("in", inside()), ("out", outside(zones=with_zone(OUTER, "Traversal server", **change)))])
        links, problems = links_of(edges)
        assert links == []
        assert problems == [
            'in: no other edge has a traversal server zone for "Traversal client" (port 7001, user "traversal")'
        ]


def test_among_several_the_one_with_a_peers_name() -> None:
    other = replace(outside(), system_name="other.ciscoexample.com")
    edges = edges_of([("in", inside()), ("other", other), ("out", outside())])
    (link,), problems = links_of(edges)
    assert (link.outside.name, problems) == ("out", [])


def test_several_that_nobody_can_tell_apart() -> None:
    far = with_zone(INNER, "Traversal client", peers=("192.0.2.1",))
    twice = (*OUTER, TraversalServerZone(name="Second", credential=Credential("traversal", "secret")))
    links, problems = links_of(edges_of([("in", inside(zones=far)), ("out", outside(zones=twice))]))
    assert links == []
    assert problems == [
        'in: several traversal server zones fit "Traversal client" (port 7001, user "traversal"): '
        'out "Traversal server", out "Second"'
    ]


def test_what_may_count_as_authenticated() -> None:
    zones = with_zone(INNER, "IMP", authentication_policy=AuthenticationPolicy.TREAT_AS_AUTHENTICATED)
    (edge,) = edges_of([("in", inside(zones=zones))])
    assert edge.authenticated("IMP", local=True) == {True}
    assert edge.authenticated("IMP", local=False) == {False}
    assert edge.authenticated("Traversal client", local=True) == {False}


def test_people_are_in_zones_that_are_no_traversal_zones() -> None:
    (edge,) = edges_of([("out", outside())])
    assert [zone.name for zone in edge.outer_zones()] == ["DNS", "Default Zone"]
