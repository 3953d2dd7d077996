"""What is fed with bytes: each target raises for a find only. Found inputs are tried with them again."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from sipedge.settings import Limits
from sipedge.sip.edits import Edits
from sipedge.sip.framing import Frame, Framer, FramingError
from sipedge.sip.message import Message, parse_message
from sipedge.sip.uri import UriError, parse_uri
from sipedge.sip.values import MessageError, parse_address
from sipedge.traces import reading
from sipedge.traces.records.record import Record

from .core import Core

Target = Callable[[bytes], None]
LIMITS = Limits(message=4096, header_section=2048, header_line=512, headers=40)
"""Small enough to be met."""
LISTS = ("route", "record-route", "via", "contact", "supported", "p-asserted-identity", "to", "x")


def framing(data: bytes) -> None:
    """The first byte says how the rest is cut; however that is, the frames are the same."""
    pieces, whole = Framer(LIMITS), Framer(LIMITS)
    size, rest = 1 + data[0] if data else 1, data[1:]
    cut = [frame for at in range(0, len(rest), size) for frame in pieces.feed(rest[at : at + size])]
    together = whole.feed(rest)
    assert [_seen(frame) for frame in cut if not _is_count(frame)] == [
        _seen(frame) for frame in together if not _is_count(frame)
    ]
    assert pieces.failed == whole.failed
    for frame in together:
        if isinstance(frame, Message):
            assert len(frame.head) + len(frame.body) <= LIMITS.message


def _seen(frame: Frame) -> object:
    """A message too long to wait for is refused when that is known: how much of it had come by then may differ."""
    return (frame.status, frame.fatal) if isinstance(frame, FramingError) else frame.to_bytes()  # type: ignore[union-attr]


def _is_count(frame: Frame) -> bool:
    """Keep-alives are counted as they come, so that pieces give other counts than the whole."""
    return not isinstance(frame, Message | FramingError)


def message(data: bytes) -> None:
    """Parsed or refused with MessageError; every value can be asked for; written again it is the same."""
    try:
        parsed = parse_message(data)
    except MessageError:
        return
    assert parsed.to_bytes() == data
    assert Edits(parsed).head() == parsed.head
    for ask in (_cseq, _via, _length, _values):
        try:
            ask(parsed)
        except (MessageError, UriError):
            continue


def _cseq(parsed: Message) -> None:
    parsed.check_transaction()
    assert 0 <= parsed.cseq[0] < 2**31


def _via(parsed: Message) -> None:
    assert parsed.via.host
    if parsed.plain_via_host is not None:
        assert parsed.via.host.lower() == parsed.plain_via_host


def _length(parsed: Message) -> None:
    assert parsed.content_length is None or parsed.content_length >= 0


def _values(parsed: Message) -> None:
    _ = parsed.call_id, parsed.from_tag, parsed.to_tag
    for name in LISTS:
        for item in parsed.items(name):
            parse_uri(parse_address(item).uri)


def uri(data: bytes) -> None:
    """Parsed or refused with UriError; the text of what was parsed is parsed alike."""
    try:
        parsed = parse_uri(data.decode("utf-8", "surrogateescape"))
    except UriError:
        return
    again = parse_uri(parsed.text)
    assert (again.scheme, again.user, again.host, again.port) == (parsed.scheme, parsed.user, parsed.host, parsed.port)


@cache
def the_core() -> Core:
    """The one of this process, for as long as it lives."""
    return Core()


def core(data: bytes) -> None:
    """A stranger's connection to a whole edge without sockets, which goes on from input to input."""
    the_core().take(data)


class Bytes:
    """A stream with nothing but ``read``."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, size: int, /) -> bytes:
        part, self._data = self._data[:size], self._data[size:]
        return part


def _reads(reader: reading.Reader) -> Target:
    def read(data: bytes) -> None:
        """Whatever the file holds: records and things skipped, each at a place inside of it."""
        reader.detect(data)
        for item in reader.read(Bytes(data), "file"):
            assert 0 <= item.position <= len(data)
            assert not isinstance(item, Record) or item.data

    return read


TARGETS: dict[str, Target] = {
    "framing": framing,
    "message": message,
    "uri": uri,
    "core": core,
    **{f"trace-{reader.__name__.rpartition('.')[2]}": _reads(reader) for reader in reading.READERS},  # type: ignore[attr-defined]
}
"""By the name of its folder among the found inputs."""
