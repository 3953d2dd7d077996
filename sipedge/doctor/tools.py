"""What all parts of one examination share: the two DNS clients, TLS contexts, trusted CAs, and how much at once."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, replace

from sipedge.doctor.facts.options import Options
from sipedge.doctor.facts.own import OwnCertificate
from sipedge.doctor.facts.trust import Trust
from sipedge.doctor.probes.dns_client import DnsClient
from sipedge.doctor.probes.endpoint import Contexts, make_contexts
from sipedge.doctor.probes.handshake import reach
from sipedge.doctor.probes.own import read_own
from sipedge.doctor.probes.trust import read_trust


class DoctorError(ValueError):
    """Options that cannot work; ``str()`` is one sentence."""


@dataclass(frozen=True, slots=True)
class Tools:
    options: Options
    dns: DnsClient
    inside: DnsClient
    """The same as ``dns`` when there is no inside view."""
    own: OwnCertificate | None
    contexts: Contexts
    trust: Trust
    slots: asyncio.Semaphore

    async def reach(self, address: str, port: int) -> str:
        async with self.slots:
            return await reach(address, port, self.options.bounds.check)


def make_tools(options: Options) -> Tools:
    """Reads all files. Raises DoctorError, ResolverError. A client certificate that is broken is a result, no error."""
    own = read_own(options.client) if options.client is not None else None
    usable = options if own is None or own.chain is not None else replace(options, client=None)
    try:
        contexts, trust = make_contexts(usable), read_trust(usable.trusted)
    except ssl.SSLError:
        raise DoctorError(f"{options.trusted or 'the system'}: holds no trusted CA in PEM form") from None
    except OSError as error:
        raise DoctorError(f"{options.trusted}: {error.strerror}") from None
    dns = DnsClient(options.dns, options.bounds)
    inside = DnsClient(options.inside_dns, options.bounds) if options.inside_dns is not None else dns
    return Tools(usable, dns, inside, own, contexts, trust, asyncio.Semaphore(options.bounds.at_once))
