"""Digest authentication with SHA-256 and MD5, both ends (RFC 3261 22, RFC 7616, RFC 8760). Only qop=auth.

The server keeps no nonce. It signs each with the time of issue, so it recognises its own, and it remembers only how
often a nonce was used by somebody who had the right password. When that memory is full, nonces as old as the one
forgotten are called stale: no replay gets through because memory is full.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable, Iterable
from enum import Enum
from typing import NamedTuple, Protocol

from .zone import Credential

NONCE_LIFE = 300.0
"""Seconds, as on the Expressway."""
MAX_USES = 128
"""Requests with one nonce."""
MAX_REMEMBERED = 1024
"""Nonces whose use is counted at one time."""
_LONGEST_VALUE = 4096
_MOST_PARAMETERS = 32
_SALT = 8
_MAC = 16

_HASHES: dict[str, Callable[[bytes], hashlib._Hash]] = {
    "SHA-256": hashlib.sha256,
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False),
}
"""The strongest first (RFC 8760 2.3)."""
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PARAMETER = re.compile(rf'[\s,]*({_TOKEN})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|({_TOKEN}))\s*(?:,|$)', re.DOTALL)
_COUNT = re.compile(r"[0-9a-fA-F]{8}")


class DigestOutcome(Enum):
    OK = "ok"
    STALE = "stale"
    """Challenge again with stale=true; the peer need not ask its user."""
    BAD = "bad"


class DigestCheck(NamedTuple):
    outcome: DigestOutcome
    reason: str = ""


def parse(value: str) -> dict[str, str]:
    """The parameters of a challenge or of credentials, names in lower case. Raises ValueError when it is not Digest."""
    scheme, _, rest = value.strip().partition(" ")
    if scheme.lower() != "digest" or len(value) > _LONGEST_VALUE:
        raise ValueError("not a Digest value")
    parameters: dict[str, str] = {}
    position = 0
    while rest[position:].strip(" \t\r\n,"):
        match = _PARAMETER.match(rest, position)
        if match is None or len(parameters) == _MOST_PARAMETERS:
            raise ValueError("parameters cannot be read")
        name, quoted, token = match.groups()
        if name.lower() in parameters:
            raise ValueError(f"{name} is there twice")
        parameters[name.lower()] = token if quoted is None else re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL)
        position = match.end()
    return parameters


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _bytes(text: str) -> bytes:
    """UTF-8 (RFC 7616 4); bytes of a message that were none come back as they were."""
    return text.encode("utf-8", "surrogateescape")


def _response(algorithm: str, credential: Credential, realm: str, method: str, given: dict[str, str]) -> str:
    """The hash of RFC 7616 3.4.1 over the parameters ``given``: nonce, nc, cnonce, uri."""
    digest = _HASHES[algorithm]

    def hashed(*parts: str) -> str:
        return digest(_bytes(":".join(parts))).hexdigest()

    who = hashed(credential.username, realm, credential.password)
    return hashed(who, given["nonce"], given["nc"], given["cnonce"], "auth", hashed(method, given["uri"]))


class Counts(Protocol):
    """How often nonces were used, as far as other processes know."""

    def get(self, nonce: str) -> int: ...

    def put(self, nonce: str, count: int) -> None: ...


class DigestServer:
    """One realm with one credential, as a traversal server zone has it."""

    def __init__(
        self,
        realm: str,
        credential: Credential,
        secret: bytes,
        salt: Callable[[], bytes],
        counts: Counts | None = None,
    ) -> None:
        """``secret`` signs nonces: random, made anew at each start. ``salt`` gives 8 random bytes for each nonce.

        ``counts``: of other processes with the same secret.
        """
        self._realm, self._counts = realm, counts
        self._credential = credential
        self._secret = secret
        self._salt = salt
        self._uses: OrderedDict[str, tuple[int, int]] = OrderedDict()
        """Nonce -> time of issue in ms, highest nonce count accepted."""
        self._forgotten = -1
        """No nonce issued at or before this (ms) is taken unless it is in ``_uses``."""

    def challenges(self, now: float, *, stale: bool = False) -> list[str]:
        """Values for WWW-Authenticate, one header each, the strongest first (RFC 8760 2.3). ``now``: seconds >= 0."""
        nonce = self._nonce(int(now * 1000))
        end = ", stale=true" if stale else ""
        return [
            f'Digest realm={_quote(self._realm)}, nonce="{nonce}", algorithm={algorithm}, qop="auth"{end}'
            for algorithm in _HASHES
        ]

    def check(self, authorization: str, method: str, uri: str, now: float) -> DigestCheck:
        """Judge the value of an Authorization header of a request. ``uri``: its Request-URI."""
        try:
            given = parse(authorization)
        except ValueError as error:
            return DigestCheck(DigestOutcome.BAD, str(error))
        wrong = self._wrong(given, method, uri)
        if wrong:
            return DigestCheck(DigestOutcome.BAD, wrong)
        issued = self._issued(given["nonce"])
        if issued is None:
            return DigestCheck(DigestOutcome.STALE, "the nonce is not from here")
        return self._count(given["nonce"], issued, int(given["nc"], 16), now)

    def _wrong(self, given: dict[str, str], method: str, uri: str) -> str:
        """'' or why these credentials prove nothing."""
        for name in ("username", "realm", "nonce", "uri", "response", "cnonce", "nc"):
            if not given.get(name):
                return f"{name} is missing"
        algorithm = given.get("algorithm", "MD5").upper()
        if algorithm not in _HASHES or given.get("qop", "").lower() != "auth":
            return "algorithm or qop was not offered"
        if given["realm"] != self._realm or given["uri"] != uri or not _COUNT.fullmatch(given["nc"]):
            return "realm, uri or nc does not fit"
        right = _response(algorithm, self._credential, self._realm, method, given)
        same_user = hmac.compare_digest(_bytes(given["username"]), _bytes(self._credential.username))
        same_response = hmac.compare_digest(_bytes(given["response"].lower()), _bytes(right))
        return "" if same_user and same_response else "wrong username or password"

    def _count(self, nonce: str, issued: int, count: int, now: float) -> DigestCheck:
        age = now - issued / 1000
        if not -1.0 <= age <= NONCE_LIFE or (nonce not in self._uses and issued <= self._forgotten):
            return DigestCheck(DigestOutcome.STALE, "the nonce is too old")
        last = max(self._uses.get(nonce, (issued, 0))[1], self._counts.get(nonce) if self._counts is not None else 0)
        if count <= last:
            return DigestCheck(DigestOutcome.STALE, f"nonce count {count} was used before")
        if count > MAX_USES:
            return DigestCheck(DigestOutcome.STALE, "the nonce was used too often")
        self._uses[nonce] = (issued, count)
        if self._counts is not None:
            self._counts.put(nonce, count)
        if len(self._uses) > MAX_REMEMBERED:
            _, (oldest, _) = self._uses.popitem(last=False)
            self._forgotten = max(self._forgotten, oldest)
        return DigestCheck(DigestOutcome.OK)

    def _nonce(self, issued: int) -> str:
        data = issued.to_bytes(8, "big") + self._salt()[:_SALT].ljust(_SALT, b"\0")
        return urlsafe_b64encode(data + self._mac(data)).decode()

    def _mac(self, data: bytes) -> bytes:
        return hmac.digest(self._secret, b"digest nonce\0" + self._realm.encode() + b"\0" + data, "sha256")[:_MAC]

    def _issued(self, nonce: str) -> int | None:
        """When a nonce was issued, in ms; None when it is not one of ours."""
        try:
            data = urlsafe_b64decode(nonce.encode("ascii"))
        except ValueError:
            return None
        body, mac = data[: 8 + _SALT], data[8 + _SALT :]
        if urlsafe_b64encode(data).decode() != nonce or not hmac.compare_digest(mac, self._mac(body)):
            return None
        return int.from_bytes(body[:8], "big")


def authorization(
    challenges: Iterable[str], credential: Credential, method: str, uri: str, cnonce: str, nc: int = 1
) -> str | None:
    """The value of an Authorization header that answers the strongest challenge; None when none can be answered."""
    readable: dict[str, dict[str, str]] = {}
    for challenge in challenges:
        try:
            given = parse(challenge)
        except ValueError:
            continue
        offered = [token.strip().lower() for token in given.get("qop", "").split(",")]
        if "auth" in offered and given.get("nonce") and "realm" in given:
            readable.setdefault(given.get("algorithm", "MD5").upper(), given)
    for algorithm in _HASHES:
        if algorithm in readable:
            return _answer(algorithm, readable[algorithm], credential, method, {"uri": uri, "cnonce": cnonce}, nc)
    return None


def _answer(
    algorithm: str, challenge: dict[str, str], credential: Credential, method: str, ours: dict[str, str], nc: int
) -> str:
    realm = challenge["realm"]
    used = ours | {"nonce": challenge["nonce"], "nc": f"{nc:08x}"}
    parts = [
        f"username={_quote(credential.username)}",
        f"realm={_quote(realm)}",
        f"nonce={_quote(used['nonce'])}",
        f"uri={_quote(used['uri'])}",
        f'response="{_response(algorithm, credential, realm, method, used)}"',
        f"algorithm={algorithm}",
        f"cnonce={_quote(used['cnonce'])}",
        "qop=auth",
        f"nc={used['nc']}",
    ]
    if "opaque" in challenge:
        parts.append(f"opaque={_quote(challenge['opaque'])}")
    return "Digest " + ", ".join(parts)


def for_realm(values: list[str], realm: str) -> str:
    """The credentials for one realm among several header lines; '' when there are none."""
    for value in values:
        try:
            if parse(value).get("realm") == realm:
                return value
        except ValueError:
            continue
    return ""
