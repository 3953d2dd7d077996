from __future__ import annotations

import gc

from dialplan.collector import collector_paused


def test_it_is_left_as_it_was() -> None:
    was = gc.isenabled()
    try:
        for enabled in (True, False):
            (gc.enable if enabled else gc.disable)()
            with collector_paused():
                assert not gc.isenabled()
            assert gc.isenabled() == enabled
    finally:
        (gc.enable if was else gc.disable)()
