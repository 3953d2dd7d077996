from __future__ import annotations

import importlib.util
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from sipedge.pjsip.declarations import StackError, find_library, load


def test_sizes_of_pjsip_2_15_1() -> None:
    """reference: the public headers of 2.15.1 in their default configuration."""
    ffi, _ = load()
    sizes = {"pjsip_rx_data": 4856, "pjsip_tx_data": 1600, "pjsip_transport": 344, "pjsip_module": 112}
    sizes |= {"pjsip_transaction": 720, "pjsip_msg": 112, "pjsip_hdr": 64, "pjsip_via_hdr": 224, "pj_sockaddr": 28}
    sizes |= {"pjsip_cseq_hdr": 96, "pjsip_fromto_hdr": 136, "pjsip_cid_hdr": 80, "pjsip_parser_err_report": 48}
    sizes |= {"pjsip_cfg_t": 96, "pj_caching_pool": 904, "pj_time_val": 16, "pjsip_method": 24}
    assert {name: ffi.sizeof(name) for name in sizes} == sizes


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(StackError, match="pjsua2-python is not installed"):
        find_library()


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    spec = ModuleSpec("pjsua2", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    with pytest.raises(StackError, match="no _pjsua2"):
        find_library()
