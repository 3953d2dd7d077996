"""The strict Edge over real TLS: each demand that it makes of a partner, and what its own users see."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from support.lab_world import OWN, PARTNER, World, records, request, world

from sipedge.lab.ca import Authority
from sipedge.lab.parties import sip
from sipedge.lab.parties.sfb_edge import CONNECTIONS, carry_out

pytestmark = pytest.mark.e2e
GOOD = f"sip.{PARTNER}"
Body = Callable[[World], Awaitable[Any]]


def play(folder: Path, body: Body, **options: Any) -> Any:
    async def scenario() -> Any:
        async with world(folder, **options) as made:
            return await body(made)

    return asyncio.run(scenario())


def answer_to(folder: Path, text: str, names: tuple[str, ...] = (GOOD,), **options: Any) -> sip.Message:
    async def body(made: World) -> sip.Message:
        return await (await made.partner(made.certificate(*names))).ask(text)

    answer = play(folder, body, **options)
    assert isinstance(answer, sip.Message)
    return answer


def logged(capsys: pytest.CaptureFixture[str], kind: str = "log") -> str:
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return "\n".join(event["text"] for event in events if event["event"] == kind)


def test_a_good_partner_gets_through(tmp_path: Path) -> None:
    answer = answer_to(tmp_path, request())
    assert answer.status == 200
    assert "ms-received-port=" in answer.get("Via")


def test_without_a_client_certificate_there_is_no_connection(tmp_path: Path) -> None:
    async def body(made: World) -> bytes:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(made.authority.file)
        reader, writer = await asyncio.open_connection("127.0.0.1", made.port, ssl=context)
        try:
            writer.write(sip.parse(request().replace("\n", "\r\n")).data())
            return await asyncio.wait_for(reader.read(), 5)
        except OSError:
            return b""
        finally:
            writer.close()

    assert play(tmp_path, body) == b""


@pytest.mark.parametrize("wrong", [{"expired": True}, {"client": False}])
def test_a_client_certificate_that_is_no_good_is_refused(tmp_path: Path, wrong: dict[str, bool]) -> None:
    async def body(made: World) -> None:
        await (await made.partner(made.certificate(GOOD, **wrong))).ask(request())

    with pytest.raises(OSError):
        play(tmp_path, body)


def test_a_foreign_authority_is_refused(tmp_path: Path) -> None:
    async def body(made: World) -> None:
        foreign = Authority(tmp_path, "foreign").issue("foreigner", common_name="x", names=(GOOD,))
        await (await made.partner(foreign)).ask(request())

    with pytest.raises(OSError):
        play(tmp_path, body)


def test_bare_504_when_the_srv_target_is_outside_the_domain(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def body(made: World) -> sip.Message:
        made.zone.set(f"_sipfederationtls._tcp.{PARTNER}", "SRV", [f"1 1 5061 sip.sub.{PARTNER}."])
        return await (await made.partner(made.certificate(f"sip.sub.{PARTNER}", GOOD))).ask(request("INVITE"))

    answer = play(tmp_path, body)
    assert answer.start == "SIP/2.0 504 Server time-out"
    assert answer.get("Server") == "RTC/6.0"
    assert "ms-diagnostics" not in answer.data().decode().lower()
    assert "INVITE refused with 504: 1009;" in logged(capsys)


def test_bare_504_without_srv_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer_to(tmp_path, request(sender="x@unknown.example")).status == 504
    assert "504: 1008;" in logged(capsys)


def test_504_when_the_certificate_lacks_the_target(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer_to(tmp_path, request(), names=(PARTNER, f"*.{PARTNER}")).status == 504
    assert "504: 1010;" in logged(capsys)


@pytest.mark.parametrize(("names", "status"), [((), 200), (("other.example",), 504)])
def test_common_name_counts_only_without_san(tmp_path: Path, names: tuple[str, ...], status: int) -> None:
    async def body(made: World) -> sip.Message:
        return await (await made.partner(made.certificate(*names, common_name=GOOD))).ask(request())

    assert play(tmp_path, body).status == status


def test_only_the_first_srv_record_counts(tmp_path: Path) -> None:
    async def body(made: World) -> sip.Message:
        targets = [f"20 10 5061 {GOOD}.", f"10 10 5061 other.{PARTNER}."]
        made.zone.set(f"_sipfederationtls._tcp.{PARTNER}", "SRV", targets)
        return await (await made.partner(made.certificate(GOOD))).ask(request())

    assert play(tmp_path, body).status == 504


def test_the_domain_of_p_asserted_identity_counts_too(tmp_path: Path) -> None:
    foreign = "P-Asserted-Identity: <sip:x@elsewhere.example>,<tel:+1555>"
    assert answer_to(tmp_path, request(extra=foreign)).status == 504
    own = f"P-Asserted-Identity: <SIP:romeo@{PARTNER}>,<tel:+1555>"
    assert answer_to(tmp_path, request(extra=own)).status == 200


def test_the_topmost_route_must_name_this_edge(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer_to(tmp_path, request(extra=f"Route: <sip:sip.{OWN}:5061;transport=tls;lr>")).status == 200
    foreign = f"Route: <sip:evil.example;lr>, <sip:sip.{OWN};lr>"
    assert answer_to(tmp_path, request(extra=foreign)).status == 504
    assert "504: 1006;" in logged(capsys)


def test_the_rate_of_a_discovered_partner_is_limited(tmp_path: Path) -> None:
    async def body(made: World) -> list[int]:
        partner = await made.partner(made.certificate(GOOD))
        return [(await partner.ask(request())).status for _ in range(5)]

    assert play(tmp_path, body, rate=3) == [200, 200, 200, 503, 503]


def test_benotify_is_the_only_known_proxy_extension(tmp_path: Path) -> None:
    assert answer_to(tmp_path, request(extra="Proxy-Require: ms-benotify")).status == 200
    refused = answer_to(tmp_path, request(extra="Proxy-Require: ms-benotify, x-y"))
    assert (refused.status, refused.get("Unsupported")) == (420, "x-y")


def test_unknown_user_unknown_method_and_negotiate(tmp_path: Path) -> None:
    assert answer_to(tmp_path, request(to="nobody")).status == 404
    assert answer_to(tmp_path, request("PUBLISH")).status == 405
    assert answer_to(tmp_path, request("NEGOTIATE")).status == 405


def test_trust_words_from_outside_are_replaced_by_own_ones(tmp_path: Path) -> None:
    async def body(made: World) -> list[str]:
        message = sip.parse(request(extra="ms-edge-proxy-message-trust: ms-source-type=Forged").replace("\n", "\r\n"))
        made.edge._take_in(message)
        return message.all("ms-edge-proxy-message-trust")

    assert play(tmp_path, body) == [f"ms-source-type=AutoFederation;ms-ep-fqdn=sip.{OWN}"]


def test_presence_flows_from_edge_to_watcher_as_benotify(tmp_path: Path) -> None:
    async def body(made: World) -> list[tuple[str, str]]:
        seen = await made.listening_partner(made.certificate(GOOD))
        pem = made.authority.issue("second", common_name="x", names=(GOOD,))
        partner = await made.partner(pem)
        extra = f"Contact: <sip:fed.{PARTNER}:5061>\nSupported: ms-benotify\nProxy-Require: ms-benotify"
        assert (await partner.ask(request("SUBSCRIBE", extra=extra))).status == 200
        async with asyncio.timeout(5):
            while len(seen) < 2:
                await asyncio.sleep(0.01)
        return seen

    assert [method for method, _ in play(tmp_path, body)] == ["NEGOTIATE", "BENOTIFY"]


def test_requests_are_spread_over_four_connections(tmp_path: Path) -> None:
    async def body(made: World) -> list[tuple[str, str]]:
        seen = await made.listening_partner(made.certificate(GOOD))
        for _ in range(8):
            command = {"do": "pager", "user": "juliet", "to": f"sip:romeo@{PARTNER}", "text": "x"}
            assert (await carry_out(made.edge, command))["status"] == 200
        return seen

    seen = play(tmp_path, body)
    assert len({peer for _, peer in seen}) == CONNECTIONS
    first = {peer: next(method for method, other in seen if other == peer) for _, peer in seen}
    assert set(first.values()) == {"NEGOTIATE"}
    assert [method for method, _ in seen].count("MESSAGE") == 8


def outgoing(folder: Path, change: Callable[[World], Awaitable[None]]) -> dict[str, Any]:
    async def body(made: World) -> dict[str, Any]:
        await change(made)
        command = {"do": "invite", "user": "juliet", "to": f"sip:romeo@{PARTNER}"}
        return await carry_out(made.edge, command)

    answer = play(folder, body)
    assert isinstance(answer, dict) and answer["status"] == 504
    return answer


def test_1008_1009_1014_for_the_local_user(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    service = f"_sipfederationtls._tcp.{PARTNER}"

    async def no_record(made: World) -> None:
        made.zone.set(service, "SRV", [])

    async def elsewhere(made: World) -> None:
        made.zone.set(service, "SRV", [f"1 1 5061 sip.sub.{PARTNER}."])

    async def no_address(made: World) -> None:
        made.zone.set(GOOD, "A", [])

    changes = {1008: no_record, 1009: elsewhere, 1014: no_address}
    assert {number: outgoing(tmp_path, change)["diagnostics"] for number, change in changes.items()} == {
        number: number for number in changes
    }
    assert "504 Server time-out, ms-diagnostics: 1009;" in logged(capsys, "client")


@pytest.mark.parametrize(
    ("names", "wrong", "words"),
    [
        (("expe.c.example",), {}, "SEC_E_WRONG_PRINCIPAL"),
        ((GOOD,), {"expired": True}, "SEC_E_CERT_EXPIRED"),
        ((GOOD,), {"server": False}, "SEC_E_UNTRUSTED_ROOT"),
    ],
)
def test_1010_for_the_local_user(tmp_path: Path, names: tuple[str, ...], wrong: dict[str, bool], words: str) -> None:
    async def change(made: World) -> None:
        await made.listening_partner(made.certificate(*names, **wrong))

    answer = outgoing(tmp_path, change)
    assert answer["diagnostics"] == 1010 and words in answer["header"]


def test_1007_when_nobody_listens(tmp_path: Path) -> None:
    async def change(made: World) -> None:
        for name, kinds in records(1).items():
            for kind, values in kinds.items():
                made.zone.set(name, kind, values)

    assert outgoing(tmp_path, change)["diagnostics"] == 1007


def test_what_a_partner_answers_reaches_the_local_user(tmp_path: Path) -> None:
    async def body(made: World) -> dict[str, Any]:
        await made.listening_partner(made.certificate(GOOD), answer=486)
        return await carry_out(made.edge, {"do": "invite", "user": "juliet", "to": f"sip:romeo@{PARTNER}"})

    assert play(tmp_path, body)["status"] == 486


def test_headers_come_in_microsofts_order(tmp_path: Path) -> None:
    async def body(made: World) -> list[str]:
        class Wire:
            local_port = 4

        message = sip.Message("INVITE sip:x SIP/2.0", [("Max-Forwards", "70"), ("From", "f")], b"body")
        made.edge._dress(message, Wire())  # type: ignore[arg-type]
        return [name for name, _ in message.headers]

    order = ["Record-Route", "Via", "Max-Forwards", "Content-Length", "Via", "Via", "From"]
    assert play(tmp_path, body) == order
