"""Kamailio as a neighbour of the edge: a stateful, record-routing proxy between TCP (agents) and TLS (the edge)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from support.certificates import Ca, Leaf
from support.processes import Program
from support.third_party import require

from tools.kamailio import TlsFiles, command, write_configuration

TLS_PORT = 5061
TCP_PORT = 5060


@dataclass(frozen=True)
class Route:
    """Requests whose Request-URI matches go to ``destination`` (``sip:host:port;transport=tls``)."""

    pattern: str
    """A POSIX extended regular expression, searched in the whole Request-URI."""
    destination: str


@dataclass(frozen=True)
class Challenge:
    """INVITE and BYE of this address are asked for the password, whoever the user is."""

    address: str
    password: str


def kamailio(
    folder: Path, address: str, ca: Ca, leaf: Leaf, routes: Sequence[Route], challenge: Challenge | None = None
) -> Program:
    """Ready to be entered; ``folder`` (made here) holds configuration and log, ``output()`` is the log.

    It listens on ``address`` for TLS (5061, client certificate required) and TCP (5060) and calls out from there.
    """
    rules = "".join(f'  if ($ru =~ "{_quote(r.pattern)}") {{ $du = "{r.destination}"; return; }}\n' for r in routes)
    asking, module = "", ""
    if challenge is not None:
        asking = _CHALLENGE.replace("ADDRESS", challenge.address).replace("PASSWORD", challenge.password)
        module = 'loadmodule "auth.so"\n'
    script = _SCRIPT.replace("ROUTES", rules).replace("CHALLENGE", asking)
    return _program(folder, address, ca, leaf, module + script)


def doorkeeper(folder: Path, address: str, ca: Ca, leaf: Leaf) -> Program:
    """As ``kamailio``, but it only says 200 or 403: is the domain in From the name of the certificate that its
    pseudo-variables show (tls module, documented there)? The common name counts where there is no DNS name."""
    return _program(folder, address, ca, leaf, _DOORKEEPER)


def _program(folder: Path, address: str, ca: Ca, leaf: Leaf, script: str) -> Program:
    program = require("kamailio")
    folder.mkdir(parents=True, exist_ok=True)
    tls = TlsFiles(leaf.certificate, leaf.key, ca.certificate)
    configuration = write_configuration(folder, tls, _SETTINGS.replace("ADDRESS", address), script)
    listens = [(address, TLS_PORT), (address, TCP_PORT)]
    return Program(command(program, configuration, shared=64, private=8), folder / "log", listens=listens)


def _quote(pattern: str) -> str:
    return pattern.replace("\\", "\\\\").replace('"', '\\"')


_SETTINGS = """\
debug=2
tcp_children=2
listen=tls:ADDRESS:5061
listen=tcp:ADDRESS:5060
tcp_source_ipv4=ADDRESS
tcp_accept_aliases=yes
tcp_conn_wq_max=1048576
"""

# force_tcp_alias: a SIPp caller does not listen, so what goes back to its Via port takes the connection it opened.
_SCRIPT = """\
modparam("tls", "con_ct_wq_max", 1048576)
modparam("rr", "enable_double_rr", 1)

request_route {
  if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
  if (proto == TCP) force_tcp_alias();
  if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
CHALLENGE  if (has_totag() && loose_route()) { t_relay(); exit; }
  if (is_method("ACK")) { if (t_check_trans()) t_relay(); exit; }
  if (is_method("INVITE")) record_route();
  route(DESTINATION);
  if ($du == $null) { sl_send_reply("404", "Not Found"); exit; }
  t_relay();
}

route[DESTINATION] {
ROUTES}
"""

_CHALLENGE = """\
  if (src_ip == ADDRESS && is_method("INVITE|BYE")) {
    if (!pv_www_authenticate("far.example", "PASSWORD", "0")) { www_challenge("far.example", "1"); exit; }
    consume_credentials();
  }
"""

_DOORKEEPER = """\
request_route {
  $var(name) = $(tls_peer_san_hostname{s.tolower});
  if ($tls_peer_san_hostname == $null) $var(name) = $(tls_peer_subject_cn{s.tolower});
  $var(from) = $(fd{s.tolower});
  if ($fd == $null) { sl_send_reply("403", "Forbidden"); exit; }
  if ($var(from) == $var(name) || $tls_peer_san_uri == "sip:" + $var(from)) { sl_send_reply("200", "OK"); exit; }
  sl_send_reply("403", "Forbidden");
}
"""
