"""Revocation lists at work: read from files beside the loop, now and then anew, and asked about each new connection.

What a file held last stays in use while it cannot be read: a list is not taken back by a mistake.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sipedge.certificates.revocation import CrlError, RevocationList, examine, locations, read_list
from zones.table import Egress
from zones.zone import Revocation, TlsPolicy, Zone

from .crl_fetching import CrlFetcher
from .openssl import verified_chain

LARGEST = 32 * 1024 * 1024
"""Bytes of one file."""
MOST_FILES = 1000
"""Of one folder."""

_log = logging.getLogger("sipedge.revocation")


@dataclass(frozen=True, slots=True)
class _Read:
    digest: bytes
    list: RevocationList


Known = Mapping[str, _Read]
"""File -> what it held."""


class Revocations:
    """Belongs to the event loop."""

    def __init__(self, zones: Iterable[Zone], fetcher: CrlFetcher | None = None) -> None:
        """Reads the files. ``fetcher``: for zones whose lists are fetched, too."""
        self._fetcher = fetcher
        self._policies = _policies(zones)
        self.known = read_files(self._policies.values(), {})
        """File -> what it held; only written here."""
        self._is_due = asyncio.Event()

    def read_soon(self) -> None:
        """Have ``keep_fresh`` read the files now."""
        self._is_due.set()

    async def prepare(self, zones: Iterable[Zone]) -> Callable[[], None]:
        """Read all files anew, for other zones; what is returned puts them in force."""
        policies = _policies(zones)
        known = await asyncio.to_thread(read_files, policies.values(), self.known)

        def use() -> None:
            self._policies, self.known = policies, known

        return use

    async def keep_fresh(
        self, interval: Callable[[], float], changed: Callable[[], None], found: Callable[[], None]
    ) -> None:
        """Read the files every ``interval()`` seconds, and when ``read_soon`` is called, until cancelled.

        ``found`` is called where they hold something else. So is ``changed``, and where lists are fetched: asking for
        them is what keeps them fresh.
        """
        while True:
            await self._until_due(interval())
            policies = self._policies
            known = await asyncio.to_thread(read_files, policies.values(), self.known)
            if policies is not self._policies:  # a reload has read them meanwhile
                continue
            before, self.known = self.known, known
            if known != before:
                found()
            if known != before or any(policy.fetch_crl for policy in policies.values()):
                changed()

    async def _until_due(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._is_due.wait(), seconds)
        self._is_due.clear()

    def judge(self, zone: str, tls: ssl.SSLObject | None) -> Egress:
        """What the zone makes of the peer's certificates. A peer that showed none has nothing that can be revoked."""
        policy = self._policies.get(zone)
        chain = verified_chain(tls) if policy is not None and tls is not None else ()
        if policy is None or not chain:
            return Egress()
        lists = [read.list for file, read in self.known.items() if any(_is_in(file, place) for place in policy.crl)]
        if policy.fetch_crl and self._fetcher is not None:
            lists += self._fetcher.lists(locations(chain))
        found = examine(chain, lists, datetime.now(UTC))
        if found.revoked:
            return Egress(refused=f'zone "{zone}": {found.revoked}')
        if not found.unknown:
            return Egress()
        text = f'zone "{zone}": {found.unknown}'
        return Egress(refused=text) if policy.revocation is Revocation.HARD else Egress(warning=text)


def _policies(zones: Iterable[Zone]) -> dict[str, TlsPolicy]:
    """Of the zones that look for revocation."""
    return {zone.name: zone.tls for zone in zones if zone.tls.revocation is not Revocation.OFF}


def read_files(policies: Iterable[TlsPolicy], before: Known) -> Known:
    """All lists of all zones. What cannot be read is logged, and ``before`` stands in for it. Blocks."""
    known = {}
    for file in dict.fromkeys(file for policy in policies for place in policy.crl for file in _files(place)):
        old = before.get(file)
        try:
            known[file] = _read(file, old)
        except (OSError, CrlError) as error:
            reason = error.strerror if isinstance(error, OSError) else f"holds no revocation list that counts: {error}"
            _log.error("%s: %s%s", file, reason, "; the one from before stays in use" if old else "")
            if old is not None:
                known[file] = old
    return known


def _read(file: str, old: _Read | None) -> _Read:
    """Raises OSError, CrlError."""
    with open(file, "rb") as stream:
        data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise CrlError(f"it is larger than {LARGEST} bytes")
    digest = hashlib.sha256(data).digest()
    return old if old is not None and old.digest == digest else _Read(digest, read_list(data, file))


def _files(place: str) -> Iterator[str]:
    """A file, or the files of a folder that do not begin with a dot."""
    path = Path(place)
    if not path.is_dir():
        yield place
        return
    try:
        names = sorted(entry.name for entry in path.iterdir() if entry.is_file() and not entry.name.startswith("."))
    except OSError as error:
        _log.error("%s: %s", place, error.strerror)
        return
    if len(names) > MOST_FILES:
        _log.error("%s: holds more than %d files; the rest is not read", place, MOST_FILES)
    yield from (str(path / name) for name in names[:MOST_FILES])


def _is_in(file: str, place: str) -> bool:
    return file == place or Path(file).parent == Path(place)
