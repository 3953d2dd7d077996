"""The console over TLS: cookies that never leave it, certificates of browsers."""

from __future__ import annotations

import ssl
from pathlib import Path

import httpx
import pytest
from support.certificates import Ca, Leaf, issue, make_ca
from support.console import PASSWORD, with_account, world_beside
from support.console_process import console_of

from sipedge.accounts.roles import Role

pytestmark = pytest.mark.e2e
ADDRESS = "127.0.0.1"


def _client(ca: Ca, leaf: Leaf | None, address: str) -> httpx.Client:
    context = ssl.create_default_context(cafile=ca.certificate)
    if leaf is not None:
        context.load_cert_chain(leaf.certificate, leaf.key)
    return httpx.Client(verify=context, base_url=address, trust_env=False)


def test_a_session_is_a_cookie_of_this_host_alone_and_browsers_show_a_certificate(tmp_path: Path) -> None:
    ca, own = make_ca(tmp_path), tmp_path / "own"
    own.mkdir()
    browsers = make_ca(own, "Browsers")
    leaf, known, stranger = issue(ca, ips=[ADDRESS]), issue(browsers, names=["laptop"]), issue(ca, names=["stranger"])
    config = tmp_path / "edge.toml"
    config.write_text(
        f'[console]\nlisten = "{ADDRESS}:0"\ncertificate = "{leaf.certificate}"\nkey = "{leaf.key}"\n'
        f'client_ca = "{browsers.certificate}"\n'
    )
    with_account(world_beside(config), Role.AUDITOR)
    with console_of(config) as address:
        assert address.startswith("https://")
        with _client(ca, known, address) as client:
            answer = client.post("/log-in", data={"name": "auditor", "password": PASSWORD})
            cookie = answer.headers["set-cookie"]
            assert cookie.startswith("__Host-sipedge-0=") and "Secure" in cookie and "Path=/" in cookie
            assert client.get("/").status_code == 200
        for other in (None, stranger):
            with _client(ca, other, address) as client, pytest.raises(httpx.TransportError):
                client.get("/log-in")
