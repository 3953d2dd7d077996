"""An Expressway's settings of its own -> the tables of ``edge.toml`` that are no zones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from dialplan.importers.xconfiguration import Dump, Remark, View
from dialplan.model import Variables
from zones.addresses import canonical_address
from zones.names import host_name

from .toml import Table

NAME_UNKNOWN = "edge.invalid"
DOMAIN_UNKNOWN = "example.invalid"
"""Stand-ins (RFC 6761: the domain is never resolved)."""
DOMAIN_PATHS = ("SIP Domain", "SIP Domains Domain")
MAX_DOMAINS = 200
ENCIPHERED = "{cipher}"
MAX_PASSWORD = 128


WATCHED: Mapping[str, tuple[tuple[str, ...], str]] = {
    "SIP Mode": (("on",), "SIP is off on the box; here it is on"),
    "Zones Policy Mode": (("searchrules",), "a directory service has no equal; the search rules are used"),
    "Policy AdministratorPolicy Mode": (("off",), "Call Policy has no equal: what it rejects is not rejected here"),
    "Policy UserPolicy Mode": (("off",), "User Policy (FindMe) has no equal"),
    "Policy FindMe Mode": (("off",), "User Policy (FindMe) has no equal"),
    "Call Services CallsToUnknownIPAddresses": (("indirect", "off"), "IP addresses are only reached by rules here"),
    "Call Services Fallback Alias": (("",), "a fallback alias has no equal"),
}
"""Settings outside of zones and rules that decide where requests go: (values that change nothing, the remark on any
other value)."""


@dataclass(slots=True)
class Box:
    """The machine itself."""

    system_name: str
    """Its *System name*: free text, the value of ``%systemname%``."""
    host_name: str
    domains: list[str]
    addresses: list[str]
    tcp: bool
    remarks: list[Remark] = field(default_factory=list)

    @property
    def variables(self) -> Variables:
        return Variables(
            ipv4=tuple(address for address in self.addresses if ":" not in address),
            ipv6=tuple(address for address in self.addresses if ":" in address),
            domains=tuple(self.domains),
            system_name=self.host_name,
        )


def read_box(dump: Dump) -> Box:
    system_name = dump.under("SystemUnit").text("Name").strip()
    dns = dump.under("IP DNS")
    full = ".".join(part for part in (dns.text("Hostname").strip(), dns.text("Domain Name").strip(".")) if part)
    box = Box(system_name, host_name(full) or host_name(system_name), [], [], dump.under("SIP TCP").on("Mode"))
    if not box.host_name:
        box.host_name = NAME_UNKNOWN
        _remark(box, dns, "Hostname", f"no host name; system_name is the stand-in {NAME_UNKNOWN}: write the edge's own")
    _domains(dump, box)
    _addresses(dump, box)
    for path, (harmless, text) in WATCHED.items():
        view = dump.under(path)
        if view.line() and view.word("") not in harmless:
            _remark(box, view, "", f'"{view.text("")}": {text}')
    return box


def edge_table(box: Box, dialplan: str) -> Table:
    table = Table("[edge]", {"system_name": box.host_name, "domains": list(box.domains), "dialplans": [dialplan]})
    if box.host_name == NAME_UNKNOWN:
        table.notes["system_name"] = "not in the dump: write the edge's host name"
    if box.domains == [DOMAIN_UNKNOWN]:
        table.notes["domains"] = "not in the dump: write the SIP domains"
    if box.addresses:
        table.keys["addresses"] = list(box.addresses)
    return table


def listener_tables(dump: Dump, box: Box) -> list[Table]:
    """TLS and TCP on all addresses, as on the box."""
    sip = dump.under("SIP")
    addresses = {"ipv4": ["0.0.0.0"], "ipv6": ["::"]}.get(dump.under("").word("IPProtocol", "ipv4"), ["0.0.0.0", "::"])
    wanted = [("TLS", sip.on("TLS Mode", True), _port(sip, "TLS Port", 5061, box))]
    wanted.append(("TCP", box.tcp, _port(sip, "TCP Port", 5060, box)))
    if sip.on("UDP Mode"):
        _remark(box, sip, "UDP Mode", "there is no UDP here")
    if box.tcp and wanted[0][1] and wanted[0][2] == wanted[1][2]:
        _remark(box, sip, "TCP Port", f"{wanted[1][2]} is that of TLS too; there is no TCP listener")
        wanted.pop()
    tables = []
    for transport, on, port in wanted:
        for address in addresses if on else ():
            name = transport if len(addresses) == 1 else f"{transport} {'IPv6' if ':' in address else 'IPv4'}"
            tables.append(Table("[[listener]]", {"name": name, "address": address, "port": port}))
            tables[-1].keys |= {} if transport == "TLS" else {"transport": transport}
    return tables


def ask_no_certificates(tables: list[Table]) -> None:
    """The box's TLS port lets peers without a certificate in, where its Default Zone does."""
    for table in tables:
        if table.header == "[[listener]]" and table.keys.get("transport") is None:
            table.keys["client_certificate"] = False
            table.notes["client_certificate"] = "as on the box; true is safer"


def other_tables(dump: Dump) -> list[Table]:
    """Name servers and limits that are not the defaults here."""
    dns = dump.under("IP DNS Server")
    servers = [dns.text(f"{number} Address").strip() for number in dns.indexes("")]
    servers = [server for server in servers if canonical_address(server)]
    tables = [Table("[dns]", {"servers": list(servers)})] if servers else []
    limits = Table("[limits]")
    advanced = dump.under("SIP Advanced")
    for words, key in (("SipMaxSize", "message"), ("SipTcpConnectTimeout", "connect")):
        text = advanced.text(words)
        if text.isdigit() and 0 < int(text[:8]):
            limits.keys[key] = int(text)
    return [*tables, limits] if limits.keys else tables


def minimum_version(dump: Dump, box: Box) -> str:
    advanced = dump.under("SIP Advanced")
    versions = advanced.text("SipTlsVersions", "TLSv1.2").lower().split(":")
    if set(versions) & {"tlsv1", "tlsv1.1"}:
        _remark(box, advanced, "SipTlsVersions", "TLS before 1.2 has no equal")
    return "1.3" if "tlsv1.3" in versions and "tlsv1.2" not in versions else "1.2"


def credentials(dump: Dump, usernames: Mapping[str, View], box: Box) -> dict[str, str | None]:
    """Name -> password, None where it is enciphered or missing: of the local database and of traversal zones."""
    passwords: dict[str, str | None] = {}
    database = dump.under("Authentication Credential")
    for number in database.indexes(""):
        entry = dump.under(database.prefix, str(number))
        name = entry.text("Name") or entry.text("UserName")
        if name:
            passwords[name[:MAX_PASSWORD]] = _password(entry, "Password", name, box)
    for name, view in usernames.items():
        inner = _password(view, "Authentication Password", name, box)
        passwords[name] = passwords.get(name) or inner
    return passwords


def password_file(name: str, others: set[str]) -> str:
    """A file name of its own for a user name; it is added to ``others``."""
    base = re.sub(r"[^A-Za-z0-9._-]", "_", name).strip(".") or "user"
    file, number = f"{base[:60]}.password", 1
    while file.lower() in others:
        number += 1
        file = f"{base[:60]}-{number}.password"
    others.add(file.lower())
    return file


def _password(view: View, words: str, name: str, box: Box) -> str | None:
    text = view.text(words)
    if text and not text.startswith(ENCIPHERED) and len(text) <= MAX_PASSWORD and text.isprintable():
        return text
    why = "is enciphered" if text else "is not in the dump"
    _remark(box, view, words, f'the password of "{name}" {why}: write it into its password file')
    return None


def _domains(dump: Dump, box: Box) -> None:
    for words in DOMAIN_PATHS:
        for number in dump.indexes(words):
            view = dump.under(words, str(number))
            name = view.text("Name").strip()
            if host_name(name) and name.casefold() not in map(str.casefold, box.domains):
                box.domains.append(name)
            elif name and not host_name(name):
                _remark(box, view, "Name", f'"{name}" is no domain name')
    del box.domains[MAX_DOMAINS:]
    if not box.domains:
        box.domains.append(DOMAIN_UNKNOWN)
        _remark(box, dump.under("SIP Domain"), "", f"no SIP domain in the dump; {DOMAIN_UNKNOWN} stands in")


def _addresses(dump: Dump, box: Box) -> None:
    for number in dump.indexes("Ethernet"):
        view = dump.under("Ethernet", str(number))
        for words in ("IP V4 Address", "IP V6 Address"):
            address = canonical_address(view.text(words).strip())
            if address and address not in box.addresses:
                box.addresses.append(address)
        if view.on("IP V4 StaticNAT Mode"):
            text = "if peers put it into Route headers, add it to addresses under [edge]"
            _remark(box, view, "IP V4 StaticNAT Address", f"{view.text('IP V4 StaticNAT Address')}: {text}")


def _port(view: View, words: str, default: int, box: Box) -> int:
    text = view.text(words, str(default))
    if text.isdigit() and 0 < int(text[:6]) < 65536:
        return int(text)
    _remark(box, view, words, f'"{text}" is no port; {default} is taken')
    return default


def _remark(box: Box, view: View, words: str, text: str) -> None:
    box.remarks.append(Remark(view.line(words) or view.line(), f"{view.prefix} {words}".strip() + f": {text}"))
