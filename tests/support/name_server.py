"""A DNS in a dictionary, for whoever is asked questions (zones.dns) in a pure test."""

from __future__ import annotations

from dataclasses import dataclass, field

from zones.dns import AddressRecord, NaptrRecord, Question, Resolution, SrvRecord

Record = SrvRecord | NaptrRecord | AddressRecord


@dataclass
class NameServer:
    """``data``: "name kind" -> records, or the name of an error. What is not there is "nxdomain"."""

    data: dict[str, list[Record] | str] = field(default_factory=dict)
    ttl: float = 60.0
    asked: list[str] = field(default_factory=list)

    def look_up(self, question: Question) -> tuple[list[Record], str]:
        key = f"{question.name} {question.kind}"
        self.asked.append(key)
        found = self.data.get(key, "nxdomain")
        return ([], found) if isinstance(found, str) else (found, "")

    def run(self, resolution: Resolution) -> Resolution:
        """Answer everything that is asked, the last question first."""
        while not resolution.done:
            questions = resolution.questions()
            assert questions, "not done, yet nothing is asked"
            for question in reversed(questions):
                records, error = self.look_up(question)
                resolution.answer(question, records, error, self.ttl)
        return resolution


def a(*addresses: str) -> list[Record]:
    return [AddressRecord(address) for address in addresses]


def srv(*records: tuple[int, int, int, str]) -> list[Record]:
    """Priority, weight, port, target."""
    return [SrvRecord(*record) for record in records]
