"""The generated configuration: text that Lua reads as what was meant."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.third_party import require

from sipedge.servers.xmpp.lua_text import literal
from sipedge.servers.xmpp.prosody import CONFIG, POLICY, Circumstances, Secrets, inside_files, outside_files
from sipedge.settings import DnsSettings, Xmpp, XmppRoute

MODULES = Path(__file__).parents[4] / "sipedge/servers/xmpp/lua"
ROUTES = (XmppRoute("p.example", "192.0.2.1"), XmppRoute("p.example", "b.p.example", 5270))
FEDERATION = Xmpp(("ours.example",), "192.0.2.2", "10.0.0.2", ("rooms.ours.example",), routes=ROUTES)
HERE = Circumstances("/folder", DnsSettings(("192.0.2.53", "[::1]:5353")), Secrets("l", "t", "d"), True, True, False)


def test_each_domain_and_alias_is_a_component_that_is_guarded() -> None:
    text = outside_files(FEDERATION, HERE)[CONFIG]
    for name in ("ours.example", "rooms.ours.example"):
        component = text.split(f'Component "{name}"\n')[1].split("Component")[0]
        enabled = '"sipedge_policy"; "sipedge_state"; "sipedge_bounds"; "s2s_idle_timeout";'
        assert f"modules_enabled = {{ {enabled} }}" in component
    assert '"saslauth"' in text.split("modules_disabled")[1]
    assert 'forward"] = { "192.0.2.53"; "::1@5353"; }' in text


def test_routes_count_only_when_they_are_switched_on() -> None:
    assert "sipedge_routes = { }" in outside_files(FEDERATION, HERE)[POLICY]
    policy = outside_files(replace(FEDERATION, use_static_routes=True), HERE)[POLICY]
    assert policy.count('["host"]') == 2 and '["port"] = 5270' in policy


def test_a_change_of_policy_leaves_alone_what_needs_a_restart() -> None:
    changed = replace(FEDERATION, allow=("new.example",), privacy_mode="allow list", require_client_certificates=False)
    assert outside_files(changed, HERE)[CONFIG] == outside_files(FEDERATION, HERE)[CONFIG]
    assert inside_files(changed, HERE) == inside_files(FEDERATION, HERE)


def test_secrets_are_not_shown() -> None:
    assert "token" not in repr(Secrets("link", "token", "dialback"))


@pytest.mark.e2e
def test_our_modules_and_generated_files_are_lua(tmp_path: Path) -> None:
    for index, files in enumerate((outside_files(FEDERATION, HERE), inside_files(FEDERATION, HERE))):
        for name, text in files.items():
            (tmp_path / f"{index}-{name}").write_text(text)
    sources = [*MODULES.glob("*.lua"), *tmp_path.glob("*.lua")]
    assert len(sources) == 12
    for source in sources:
        subprocess.run([require("luac5.4"), "-p", source], check=True)


@given(st.text())
def test_a_text_cannot_end_its_quotes(text: str) -> None:
    written = literal(text)
    inner = written[1:-1].replace("\\\\", "").replace('\\"', "")
    assert written[0] == written[-1] == '"' and '"' not in inner and "\n" not in inner
