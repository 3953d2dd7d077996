from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from dialplan.collector import MANY, collector_patient, collector_paused


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """Enabled, with nothing frozen; afterwards all that there is is frozen, as it was."""
    was = gc.isenabled()
    gc.enable()
    gc.unfreeze()
    yield
    gc.freeze()
    (gc.enable if was else gc.disable)()


def test_it_is_left_as_it_was() -> None:
    for enabled in (True, False):
        (gc.enable if enabled else gc.disable)()
        with collector_paused():
            assert not gc.isenabled()
        assert gc.isenabled() == enabled


def test_what_was_made_is_not_walked_as_if_it_were_young() -> None:
    with collector_paused():
        made = [[number] for number in range(2 * MANY)]
        assert any(each is made for each in gc.get_objects(generation=0))
    assert any(each is made for each in gc.get_objects(generation=2))


def test_what_was_frozen_stays_frozen() -> None:
    gc.freeze()
    with collector_paused():
        made = [[number] for number in range(2 * MANY)]
    assert gc.get_freeze_count() and made


def test_who_is_patient_walks_only_what_is_new_and_leaves_all_as_it_was() -> None:
    thresholds = gc.get_threshold()
    with collector_patient():
        assert gc.get_freeze_count() and gc.get_threshold() == (MANY, *thresholds[1:])
    assert not gc.get_freeze_count() and gc.get_threshold() == thresholds
