"""TLS 1.2 and 1.3 made by OpenSSL, put into captures, decrypted by tshark."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from pathlib import Path
from struct import pack

import pytest
from support.captures import CLIENT, SYN, block, enhanced, ethernet, interface, pcap, section, sip, tcp
from support.certificates import issue, make_ca
from support.paths import DATA
from support.third_party import require
from support.trace_reading import start_lines

from sipedge.traces.capture import decryption
from sipedge.traces.capture.decryption import TlsSeen
from sipedge.traces.reading import read_trace
from sipedge.traces.records.record import Endpoint, Record, Skipped


@pytest.fixture
def tshark() -> None:
    require("tshark")


needs_tshark = pytest.mark.usefixtures("tshark")
KEYLOG = str(DATA / "pcap/gen_tls12_mtls_5061.keylog.txt")
METHODS = ["INVITE", "SIP/2.0", "ACK", "MESSAGE", "INFO", "SUBSCRIBE", "SIP/2.0", "INVITE"]


def conversation(
    folder: Path,
    version: ssl.TLSVersion,
    port: int,
    there: Sequence[bytes] = (sip(1, b"x" * 5000) + b"\r\n\r\n" + sip(2)[:100], sip(2)[100:]),
    back: Sequence[bytes] = (sip(3),),
    client_port: int = CLIENT[1],
    first: int = 1000,
) -> list[bytes]:
    """Frames of a TLS connection that carries ``there`` one way, then ``back``; its keys are added to folder/keys."""
    leaf = issue(make_ca(folder), names=["edge.example.org"])
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(leaf.certificate, leaf.key)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    client.minimum_version = client.maximum_version = version
    client.keylog_filename = str(folder / "keys")
    bios = [ssl.MemoryBIO() for _ in range(4)]
    sides = [client.wrap_bio(bios[0], bios[1]), server.wrap_bio(bios[2], bios[3], server_side=True)]
    places = [(CLIENT[0], client_port), ("10.0.0.2", port)]
    sequences = [first, first + 1000]
    frames = [tcp(b"", first - 1, *places, flags=SYN), tcp(b"", first + 999, *reversed(places), flags=SYN)]

    def carry(number: int) -> None:
        data = bios[2 * number + 1].read()
        for start in range(0, len(data), 1400):
            piece = data[start : start + 1400]
            ends = places if number == 0 else places[::-1]
            frames.append(tcp(piece, sequences[number], *ends))
            sequences[number] += len(piece)
        bios[2 - 2 * number].write(data)

    for _ in range(4):
        for number, side in enumerate(sides):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                pass
            carry(number)
    for number, texts in enumerate((there, back)):
        for text in texts:
            sides[number].write(text)
            carry(number)
    return [ethernet(frame) for frame in frames]


@pytest.mark.e2e
@needs_tshark
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("port", [5061, 15061])
def test_messages_inside_tls_with_a_key_log(tmp_path: Path, version: ssl.TLSVersion, port: int) -> None:
    capture = tmp_path / "x.pcap"
    frames = conversation(tmp_path, version, port)
    frames[5:5] = [ethernet(tcp(sip(7), 1, ("10.0.0.9", 1), ("10.0.0.2", 5060)))]
    capture.write_bytes(pcap(frames))
    found = list(read_trace(str(capture), str(tmp_path / "keys")))
    assert [item.data for item in found if isinstance(item, Record)] == [sip(7), sip(1, b"x" * 5000), sip(2), sip(3)]
    assert [item.transport for item in found if isinstance(item, Record)] == ["tcp", "tls", "tls", "tls"]
    last = found[-1]
    assert isinstance(last, Record)
    assert (last.source, last.destination) == (Endpoint("10.0.0.2", port), Endpoint(*CLIENT))
    assert last.position == capture.stat().st_size - len(frames[-1]) - 16


@pytest.mark.e2e
@needs_tshark
@pytest.mark.parametrize("place", [0, -1, None])
@pytest.mark.parametrize("keylog", [None, KEYLOG])
def test_secrets_inside_the_capture(tmp_path: Path, place: int | None, keylog: str | None) -> None:
    """Wherever they stand: ``place`` is that of the block among the packets, None behind them all."""
    frames = conversation(tmp_path, ssl.TLSVersion.TLSv1_3, 5061)
    keys = (tmp_path / "keys").read_bytes()
    capture = tmp_path / "x.pcapng"
    secrets = block(0x0A, pack("<II", 0x544C534B, len(keys)) + keys)
    packets = [enhanced(frame, 1_714_979_290_000_000 + number) for number, frame in enumerate(frames)]
    packets.insert(len(packets) if place is None else place, secrets)
    capture.write_bytes(section() + interface() + b"".join(packets))
    found = list(read_trace(str(capture), keylog))
    assert [item.data for item in found if isinstance(item, Record)] == [sip(1, b"x" * 5000), sip(2), sip(3)]


@pytest.mark.e2e
@needs_tshark
@pytest.mark.parametrize(
    ("name", "keylog"), [("gen_tls12_mtls_5061.pcap", KEYLOG), ("gen_tls12_mtls_5061_with_dsb.pcapng", None)]
)
def test_the_messages_of_generated_captures(name: str, keylog: str | None) -> None:
    found = list(read_trace(str(DATA / "pcap" / name), keylog))
    records = [item for item in found if isinstance(item, Record)]
    assert [line.split()[0] for line in start_lines(records)] == METHODS
    assert len(found) == len(METHODS)


@pytest.mark.e2e
@needs_tshark
def test_keys_that_do_not_fit_are_told(tmp_path: Path) -> None:
    capture = tmp_path / "x.pcap"
    capture.write_bytes(pcap(conversation(tmp_path, ssl.TLSVersion.TLSv1_2, 5061)))
    (tmp_path / "others").write_text("CLIENT_RANDOM " + "00" * 32 + " " + "00" * 48 + "\n")
    (item,) = read_trace(str(capture), str(tmp_path / "others"))
    assert isinstance(item, Skipped)
    assert item.reason == "TLS of 10.0.0.2:5061 gave no message: no key fits, or there is no SIP in it"


@pytest.mark.e2e
@needs_tshark
def test_another_connection_with_the_same_ports_does_not_go_on_with_the_message_of_the_first(tmp_path: Path) -> None:
    half = sip(1, b"x" * 300)[:-200]
    frames = conversation(tmp_path, ssl.TLSVersion.TLSv1_3, 5061, there=[half], back=[])
    frames += conversation(tmp_path, ssl.TLSVersion.TLSv1_3, 5061, there=[sip(2), sip(3)], back=[], first=900_000_000)
    capture = tmp_path / "x.pcap"
    capture.write_bytes(pcap(frames))
    found = list(read_trace(str(capture), str(tmp_path / "keys")))
    assert [item.data for item in found if isinstance(item, Record)] == [sip(2), sip(3)]
    reasons = [item.reason.partition(" (")[0] for item in found if isinstance(item, Skipped)]
    assert reasons == ["the message has no end"]


@pytest.mark.e2e
@needs_tshark
def test_connections_that_made_room_are_taken_up_in_the_middle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what comes after, nothing is joined to what came before, and no method that lost its beginning counts."""
    monkeypatch.setattr(decryption, "_MAX_CONNECTIONS", 1)
    torn = sip(1, b"", "BENOTIFY")
    one = conversation(tmp_path, ssl.TLSVersion.TLSv1_3, 5061, there=[torn[:2], torn[2:] + sip(2)], back=[])
    two = conversation(tmp_path, ssl.TLSVersion.TLSv1_3, 5061, there=[sip(3)], back=[], client_port=40_001)
    capture = tmp_path / "x.pcap"
    capture.write_bytes(pcap([*one[:-1], *two, one[-1]]))
    found = list(read_trace(str(capture), str(tmp_path / "keys")))
    assert [item.data for item in found if isinstance(item, Record)] == [sip(3), sip(2)]


def test_shares_tell_each_other_where_connections_begin_again() -> None:
    a, b = Endpoint("10.0.0.1", 1), Endpoint("10.0.0.2", 5061)
    first, second = TlsSeen(), TlsSeen()
    first.note_restart(a, b, 700)
    second.note_restart(b, a, 500)
    first.add(second)
    assert first.restarts == [((b, a), 500), ((a, b), 700)]


def test_without_keys_or_tshark_it_is_told_once_a_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    capture = tmp_path / "x.pcap"
    frames = conversation(tmp_path, ssl.TLSVersion.TLSv1_2, 5061)
    capture.write_bytes(pcap([*frames, ethernet(tcp(b"\x16\x03\x01\x00\xaa\x01", 5, ("10.0.0.7", 77)))]))
    reasons = [item.reason for item in read_trace(str(capture)) if isinstance(item, Skipped)]
    assert reasons == [
        f"TLS of 10.0.0.2:{port} was not decrypted: there are no keys (--keylog FILE)" for port in (5061, 5060)
    ]
    monkeypatch.setenv("PATH", str(tmp_path))
    reasons = [item.reason for item in read_trace(str(capture), str(tmp_path / "keys")) if isinstance(item, Skipped)]
    assert all(reason.endswith("was not decrypted: that takes tshark, which is not installed") for reason in reasons)
    assert len(reasons) == 2


def test_which_side_is_the_server() -> None:
    a, b = Endpoint("10.0.0.1", 40000), Endpoint("10.0.0.2", 5061)
    for opening, source, destination in [
        (b"\x16\x03\x01\x02\x00\x01", a, b),
        (b"\x16\x03\x03\x02\x00\x02", b, a),
        (b"\x17\x03\x03\x02\x00\xee", a, b),
        (b"\x17\x03\x03", b, a),
    ]:
        seen = TlsSeen()
        seen.note(opening, source, destination, 5)
        assert seen.servers == {b: 5}
