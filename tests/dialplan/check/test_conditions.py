from __future__ import annotations

from support.linting import found, told

from dialplan.analysis import Sender

ZONES = (
    Sender("Default Zone", frozenset({False})),
    Sender("Trusted"),
    Sender("Silent", frozenset(), silent='zone "Silent" sends nothing'),
    Sender("Local Zone", frozenset(), silent="nothing registers here"),
)


def plan(*fields: str, target: str = "Trusted") -> str:
    lines = "".join(f"    {field}\n" for field in fields)
    return (
        f'search rule "r" {{\n{lines}    mode any alias\n    on successful match stop\n    target zone "{target}"\n}}\n'
    )


def test_a_source_that_sends_nothing() -> None:
    (one,) = found(plan('source zone "Silent"'), "source-never-sends", ZONES)
    assert one.why == 'search rule "r" can never be met: zone "Silent" sends nothing'
    assert (one.location.line, one.location.column) == (2, 17)
    assert told(plan("source local zone"), "source-never-sends", ZONES) == [("warning", "r", None)]
    assert told(plan("source any"), "source-never-sends", ZONES) == []


def test_traffic_that_a_source_never_sends() -> None:
    standard = (Sender("Phones", traffic=frozenset()), *ZONES)
    text = plan('source zone "Phones"')
    assert told(text, "source-never-sends", standard) == [("warning", "r", None)]


def test_never_authenticated() -> None:
    assert told(plan('source zone "Default Zone"', "authenticated yes"), "never-authenticated", ZONES) == [
        ("warning", "r", None)
    ]
    assert told(plan('source zone "Trusted"', "authenticated yes"), "never-authenticated", ZONES) == []
    assert told(plan("authenticated yes"), "never-authenticated", ZONES) == []


def test_h323_and_the_local_zone() -> None:
    assert told(plan("protocol h323"), "h323-only", ZONES) == [("warning", "r", None)]
    assert told(plan(target="Local Zone"), "dead-target", ZONES) == [("warning", "r", None)]


def test_without_a_configuration_any_zone_may_send() -> None:
    text = plan('source zone "Silent"', target="Local Zone")
    assert found(text, "source-never-sends") == found(text, "dead-target") == []
