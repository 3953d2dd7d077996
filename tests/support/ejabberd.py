"""An ejabberd as a partner that is no Prosody.

It asks only the name servers of /etc/resolv.conf, so it has one of its own in a mount namespace: that takes root.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .certificates import Leaf
from .processes import Program
from .prosody import CLIENT_PORT
from .third_party import require

CONFIG = """\
hosts: ["{domain}"]
loglevel: info
certfiles: ["{leaf.certificate}", "{leaf.key}"]
ca_file: "{trusted}"
s2s_use_starttls: required
s2s_cafile: "{trusted}"
auth_method: anonymous
anonymous_protocol: login_anon
listen:
  - {{port: 5269, ip: "{address}", module: ejabberd_s2s_in}}
  - {{port: {port}, ip: "{address}", module: ejabberd_c2s}}
modules:
  mod_disco: {{}}
  mod_roster: {{}}
  mod_ping: {{}}
  mod_s2s_dialback: {{}}
"""
LIBRARIES = "/usr/lib/x86_64-linux-gnu:/usr/lib/aarch64-linux-gnu"


def ejabberd(folder: Path, address: str, domain: str, dns: str, leaf: Leaf, trusted: Path) -> Program:
    """Anybody may log in. ``dns``: an address with a name server on port 53. No Erlang node, hence no epmd."""
    require("ejabberdctl")
    if os.geteuid() != 0:
        pytest.skip("a resolv.conf of its own takes root")
    folder.mkdir()
    text = CONFIG.format(domain=domain, leaf=leaf, trusted=trusted, address=address, port=CLIENT_PORT)
    (folder / "ejabberd.yml").write_text(text)
    (folder / "resolv.conf").write_text(f"nameserver {dns}\n")
    environment = {
        "ERL_LIBS": LIBRARIES,
        "HOME": str(folder),
        "EJABBERD_CONFIG_PATH": str(folder / "ejabberd.yml"),
        "EJABBERD_LOG_PATH": str(folder / "ejabberd.log"),
    }
    erlang = f"exec erl -noinput -mnesia dir '\"{folder}/db\"' -s ejabberd"
    script = f"mount --bind {folder}/resolv.conf /etc/resolv.conf && {erlang}"
    words = [f"{name}={value}" for name, value in environment.items()]
    command = ["env", *words, "unshare", "--mount", "sh", "-c", script]
    return Program(command, folder / "log", listens=[(address, 5269), (address, CLIENT_PORT)])
