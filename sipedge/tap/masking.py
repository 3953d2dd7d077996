"""Proofs of passwords taken out of copies of messages, their length kept.

Who has a digest response can try passwords offline; Basic and Bearer are the secret itself. Names, realms and nonces
stay: they tell an admin why a peer was refused.
"""

from __future__ import annotations

import re

_CREDENTIALS = re.compile(
    rb"^(?:(?:proxy-)?authorization|(?:proxy-)?authentication-info)[ \t]*:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*",
    re.IGNORECASE | re.MULTILINE,
)
"""The header line with its folded continuation lines. As written by a peer: also with lone LF."""
_DIGEST_LIKE = re.compile(rb":\s*(?:digest|ntlm|kerberos|tls-dsk)\s|(?:^|[,\s])rspauth\s*=", re.IGNORECASE)
_PROOF = re.compile(
    rb'(?<![^\s,:])((?:response|rspauth|gssapi-data|auts)\s*=\s*)("(?:[^"\\]|\\.)*"?|[^\s,]+)', re.IGNORECASE
)
_VALUE = re.compile(rb"(:\s*[^\s]*)(.*)", re.DOTALL)
_HIDDEN = re.compile(rb'[^\s"]')


def masked(head: bytes) -> bytes:
    """The header section with stars for proofs of passwords; the very same object when it holds none."""
    lower = head.lower()
    if b"\nauth" not in lower and b"\nproxy-auth" not in lower:  # ten times faster than the expression
        return head
    end = head.find(b"\r\n\r\n")
    section = head if end < 0 else head[:end]
    hidden = _CREDENTIALS.sub(_hide, section)
    return head if hidden == section else hidden + head[len(section) :]


def _hide(match: re.Match[bytes]) -> bytes:
    line = match[0]
    if _DIGEST_LIKE.search(line):
        return _PROOF.sub(lambda proof: proof[1] + _stars(proof[2]), line)
    return _VALUE.sub(lambda value: value[1] + _stars(value[2]), line, count=1)


def _stars(text: bytes) -> bytes:
    return _HIDDEN.sub(b"*", text)
