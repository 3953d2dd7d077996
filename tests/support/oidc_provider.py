"""An OpenID provider that others wrote (oidc-provider-mock), over TLS on loopback, as a child process.

As a script: ``oidc_provider.py CERTIFICATE KEY USERS``, USERS being JSON: subject -> claims.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

USERS: Mapping[str, Mapping[str, Any]] = {
    "1001": {"preferred_username": "alice", "groups": ["staff", "edge-admins"]},
    "1002": {"preferred_username": "bob", "groups": ["noc"]},
    "1003": {"preferred_username": "carol", "groups": ["staff"]},
    "1004": {"preferred_username": "alice", "groups": "noc"},
}
TABLE = """[console.oidc]
issuer = "{issuer}"
client_id = "sipedge"
client_secret_file = "oidc.secret"
ca = "{ca}"
roles = {{ edge-admins = "admin", noc = "operator" }}
"""


@contextmanager
def provider(certificate: Path, key: Path, users: Mapping[str, Mapping[str, Any]] = USERS) -> Iterator[str]:
    """Its issuer. ``certificate``: for localhost."""
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", __file__, certificate, key, json.dumps(users)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout
    try:
        port = process.stdout.readline().strip()
        assert port, "the provider has not started"
        yield f"https://localhost:{port}"
    finally:
        process.terminate()
        process.communicate(timeout=10)


def _serve(certificate: str, key: str, users: str) -> None:
    from oidc_provider_mock import User, app
    from werkzeug.serving import make_server

    known = [User(sub=sub, claims=claims) for sub, claims in json.loads(users).items()]
    made = app(require_nonce=True, user_claims=known)
    server = make_server("127.0.0.1", 0, made, threaded=True, ssl_context=(certificate, key))
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    _serve(*sys.argv[1:])
