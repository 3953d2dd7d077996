"""The table ``[console]``, and what else of ``edge.toml`` the console needs to know before it can show anything."""

from __future__ import annotations

import os
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from sipedge.console_settings import ConsoleSettings
from sipedge.oidc_settings import OidcSettings, is_safe
from sipedge.settings import Certificate, Log

from .control_place import read_control_place
from .log_table import read_log
from .reading.console import CONSOLE
from .reading.files import check_certificate, check_trusted, in_folder_of, read_password
from .reading.problems import ConfigError
from .reading.reader import Reader, open_toml

SUFFIX = ".console"
OIDC = ("console", "oidc")


@dataclass(frozen=True, slots=True)
class ConsoleConfig:
    """Of a configuration of which nothing else has to be right: a console shall show what is wrong with it."""

    path: str
    """Of ``edge.toml``."""
    console: ConsoleSettings
    log: Log
    control: str
    """The control socket; '' where the edge has none."""


def read_console(config: str) -> ConsoleConfig:
    """Raises ConfigError for mistakes in [console] and [log]."""
    reader = open_toml(config)
    console, log = read_console_table(reader), read_log(reader)
    if reader.problems:
        raise ConfigError(reader.problems)
    return ConsoleConfig(config, console, log, read_control_place(config))


def read_console_table(reader: Reader) -> ConsoleSettings:
    """File names become absolute or relative to the working directory; what is wrong is reported."""
    table = reader.validate(CONSOLE, reader.table("console"), ("console",), "[console]")
    fields: dict[str, Any] = table.model_dump() if table else {}
    for key in ("certificate", "key", "client_ca"):
        if fields.get(key):
            fields[key] = in_folder_of(reader.file, fields[key])
    own = fields.get("folder")
    fields["folder"] = in_folder_of(reader.file, own) if own else os.path.splitext(reader.file)[0] + SUFFIX
    oidc = fields.pop("oidc", None)
    settings = ConsoleSettings(**fields, oidc=None if oidc is None else _oidc(reader, oidc))
    if table is not None:
        _check_files(reader, settings)
    return settings


def _oidc(reader: Reader, fields: dict[str, Any]) -> OidcSettings:
    if not is_safe(fields["issuer"]):
        message = f'"{fields["issuer"]}" is no address of a provider'
        reader.problem((*OIDC, "issuer"), message, "write it as the provider does, with https://")
    if fields["ca"]:
        fields["ca"] = in_folder_of(reader.file, fields["ca"])
        check_trusted(reader, (*OIDC, "ca"), fields["ca"])
    if fields["client_secret_file"]:
        fields["client_secret_file"] = file = in_folder_of(reader.file, fields["client_secret_file"])
        fields["client_secret"] = read_password(reader, (*OIDC, "client_secret_file"), file) or ""
    return OidcSettings(**fields)


def _check_files(reader: Reader, settings: ConsoleSettings) -> None:
    if settings.client_ca:
        check_trusted(reader, ("console", "client_ca"), settings.client_ca)
        if not settings.certificate:
            hint = 'write "certificate" and "key", too'
            reader.problem(("console", "client_ca"), "without TLS no browser can show a certificate", hint)
    given, missing = ("certificate", "key") if settings.certificate else ("key", "certificate")
    if settings.certificate and settings.key:
        check_certificate(reader, ("console",), Certificate(settings.certificate, settings.key))
    elif settings.certificate or settings.key:
        hint = f'write "{missing}", too, or leave both out: the console is served on a loopback address then'
        reader.problem(("console", given), f'[console] has "{given}" without "{missing}"', hint, at_key=True)
    elif not ip_address(settings.host).is_loopback:
        hint = 'write "certificate" and "key", or listen on a loopback address such as 127.0.0.1:8443'
        reader.problem(("console", "listen"), f'"{settings.listen}" is no loopback address and there is no TLS', hint)
