"""Kamailio as a collector of HEP packets: it unpacks them and says of each SIP message in one line what it is."""

from __future__ import annotations

from pathlib import Path

from support.processes import Program
from support.third_party import require

PORT = 9060


def hep_collector(folder: Path, address: str) -> Program:
    """Ready to be entered; ``output()`` has a line ``SEEN source:port method-or-status call-id`` for each message."""
    program = require("kamailio")
    database = folder / "database"
    database.mkdir(parents=True, exist_ok=True)
    script = folder / "collector.cfg"
    script.write_text(_SCRIPT.replace("ADDRESS", address).replace("DATABASE", str(database)))
    command = [program, "-DD", "-E", "-f", script, "-Y", folder, "-m", "64", "-M", "8"]
    return Program(command, folder / "collector.log", listens=[(address, PORT)])


_SCRIPT = """\
debug=1
log_stderror=yes
fork=yes
children=1
tcp_children=1
auto_aliases=no
listen=udp:ADDRESS:9060
listen=tcp:ADDRESS:9060
loadmodule "pv.so"
loadmodule "xlog.so"
loadmodule "db_text.so"
loadmodule "sipcapture.so"
modparam("sipcapture", "db_url", "text://DATABASE")
modparam("sipcapture", "hep_capture_on", 1)
request_route {
  xlog("L_ERR", "SEEN $si:$sp $rm $ci\\n");
  drop;
}
onreply_route {
  xlog("L_ERR", "SEEN $si:$sp $rs $ci\\n");
  drop;
}
"""
