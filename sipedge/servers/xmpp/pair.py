"""The link between the two edges of a pair: an HAProxy at each end, mutual TLS between them.

Towards its own Prosody each end is the plain link on loopback, as where one edge has both sides. After sections 3 to 5
of HAProxy's Configuration Manual, 2.6.
"""

from __future__ import annotations

from sipedge.servers.haproxy.syntax import line, section
from sipedge.servers.haproxy.wanted import Wanted
from sipedge.settings import Settings, Xmpp
from zones.addresses import host_port

from .contents import read

FOLDER = "link"
EDGE, TRUSTED = "edge.pem", "trusted.pem"
SILENCE = "60s"
"""An end that hears nothing so long ends the link: the inside process says something every PING seconds."""
UNANSWERED = "30s"
"""What was sent and is not acknowledged so long ends the link, too."""
SPARE = 20
"""Connections of one address beside one for each of our domains and aliases: old ones that are not gone yet."""


def link_folder(xmpp: Xmpp) -> str:
    return f"{xmpp.folder}/{FOLDER}"


def link_of(settings: Settings, xmpp: Xmpp) -> Wanted:
    """One end, by the role. Raises OSError when a file cannot be read."""
    pair = settings.tls.server[0]
    files = {EDGE: read(pair.certificate) + b"\n" + read(pair.key), TRUSTED: read(settings.tls.trusted)}
    return Wanted(_defaults() + (_listening(xmpp) if xmpp.role == "outside" else _connecting(xmpp)), files)


def _defaults() -> str:
    timeouts = (line("timeout", kind, SILENCE) for kind in ("client", "server"))
    return section(
        "defaults",
        (
            line("mode", "tcp"),
            line("timeout", "connect", "10s"),
            *timeouts,
        ),
    )


def _listening(xmpp: Xmpp) -> str:
    most = str(len(xmpp.domains) + len(xmpp.chat_node_aliases) + SPARE)
    place, plain = host_port(xmpp.peer_address, xmpp.peer_port), host_port(xmpp.link_address, xmpp.link_port)
    return section(
        "listen link",
        (
            line("bind", place, "ssl", "crt", EDGE, "ca-file", TRUSTED, "verify", "required", "tcp-ut", UNANSWERED),
            *(line(*words.split()) for words in ("log global", "option dontlog-normal", "option log-separate-errors")),
            line("log-format", "%ci:%cp %[ssl_c_s_dn]: %ts"),
            line("stick-table", "type", "ipv6", "size", "1000", "expire", SILENCE, "store", "conn_cur"),
            line("tcp-request", "connection", "track-sc0", "src"),
            line("tcp-request", "connection", "reject", "if", "{", "sc0_conn_cur", "gt", most, "}"),
            line("tcp-request", "content", "reject", "unless", "{", *_named(xmpp.peer_subject_name), "}"),
            line("server", "prosody", plain),
        ),
    )


def _named(name: str) -> tuple[str, ...]:
    """HAProxy asks a client's certificate for its common name only, so the alternative name is looked for in its bytes:
    behind the identifier of that extension (2.5.29.17), as a dNSName (tag 0x82, length, name; RFC 5280 4.2.1.6)."""
    wanted = f"82{len(name):02X}" + "".join(map(_in_either_case, name))
    return ("ssl_c_der,hex", "-m", "reg", f"^(..)*0603551D11(..)*{wanted}")


def _in_either_case(character: str) -> str:
    """The hexadecimal digits of an ASCII character as a pattern; the cases of a letter differ in the first one."""
    digits = f"{ord(character.lower()):02X}"
    return f"[{'46' if digits[0] == '6' else '57'}]{digits[1]}" if character.isalpha() else digits


def _connecting(xmpp: Xmpp) -> str:
    place, name = host_port(xmpp.peer_address, xmpp.peer_port), xmpp.peer_subject_name
    verified = ("ssl", "crt", EDGE, "ca-file", TRUSTED, "verify", "required", "verifyhost", name, "sni", f"str({name})")
    return section(
        "listen link",
        (
            line("bind", host_port(xmpp.link_address, xmpp.link_port)),
            line("server", "outside", place, *verified, "tcp-ut", UNANSWERED),
        ),
    )
