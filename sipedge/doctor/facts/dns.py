"""What one DNS server answered to one question: records, TTL, alias, error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from zones.dns import AddressRecord, DnsRecord, SrvRecord

QuestionKind = Literal["SRV", "A", "AAAA", "PTR", "SOA"]
AnswerError = Literal["", "nxdomain", "timeout", "servfail", "too many questions"]
"""The last one: the question was not put, because the bounds forbid more."""
_WORDS: dict[AnswerError, str] = {
    "": "no such record",
    "nxdomain": "no such name",
    "timeout": "no answer in time",
    "servfail": "server failure",
    "too many questions": "too many questions",
}


@dataclass(frozen=True, slots=True)
class DnsAnswer:
    name: str
    kind: QuestionKind
    records: tuple[DnsRecord | str, ...] = ()
    """PTR and SOA as the name in them."""
    error: AnswerError = ""
    ttl: int = 0
    """Seconds, of the records themselves."""
    alias: str = ""
    """Where a CNAME led to; '' when there was none."""

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(record.address for record in self.records if isinstance(record, AddressRecord))

    @property
    def services(self) -> tuple[SrvRecord, ...]:
        return tuple(record for record in self.records if isinstance(record, SrvRecord))

    @property
    def texts(self) -> tuple[str, ...]:
        """Names in PTR and SOA records."""
        return tuple(record for record in self.records if isinstance(record, str))

    @property
    def silent(self) -> bool:
        """Nobody gave an answer: nothing is known about the record."""
        return self.error not in ("", "nxdomain")

    @property
    def words(self) -> str:
        """What came instead of records."""
        return _WORDS[self.error]
