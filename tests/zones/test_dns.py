from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.name_server import NameServer, a, srv

from zones.dns import MAX_HOPS, MAX_QUESTIONS, NaptrRecord, Question, Resolution, SrvRecord, order_srv, resolve_uri
from zones.zone import DefaultZone, DnsZone, Hop, NeighborZone, TlsPolicy, Zone

TLS_ZONE = DnsZone(name="D")
TCP_ZONE = DnsZone(name="D", transport="TCP")


def zero() -> float:
    return 0.0


def uri(
    zone: DnsZone | DefaultZone, host: str, port: int | None = None, transport: str | None = None, *, ms: bool = False
) -> Resolution:
    return resolve_uri(zone, host, port, transport, microsoft=ms, random=zero)


def places(resolution: Resolution) -> list[tuple[str, str, int, str]]:
    return [(hop.transport, hop.address, hop.port, hop.name) for hop in resolution.hops]


# RFC 2782


@given(st.lists(st.builds(SrvRecord, st.integers(0, 3), st.integers(0, 5), st.just(5061), st.just("a.example"))))
@examples(100)
def test_srv_order_keeps_all_records_and_sorts_by_priority(records: list[SrvRecord]) -> None:
    ordered = order_srv(records, Random(1).random)
    assert sorted(map(repr, ordered)) == sorted(map(repr, records))
    assert [record.priority for record in ordered] == sorted(record.priority for record in records)


def test_srv_order_follows_weights() -> None:
    random = Random(7).random
    records = [SrvRecord(0, 60, 1, "a"), SrvRecord(0, 40, 1, "b"), SrvRecord(0, 0, 1, "c")]
    first = [order_srv(records, random)[0].target for _ in range(4000)]
    assert 0.56 < first.count("a") / 4000 < 0.64
    assert 0 < first.count("c") / 4000 < 0.03


def test_records_without_weight_share_the_load() -> None:
    random = Random(7).random
    records = [SrvRecord(0, 0, 1, "a"), SrvRecord(0, 0, 1, "b")]
    first = [order_srv(records, random)[0].target for _ in range(400)]
    assert 150 < first.count("a") < 250


@pytest.mark.parametrize("mark", [0.0, 0.5, 0.999999])
def test_srv_order_at_the_ends_of_random(mark: float) -> None:
    assert len(order_srv([SrvRecord(0, 65535, 1, str(i)) for i in range(5)], lambda: mark)) == 5


# no look-up


def test_an_address_needs_no_look_up() -> None:
    resolution = uri(TLS_ZONE, "192.0.2.1")
    assert resolution.done and resolution.questions() == ()
    assert places(resolution) == [("TLS", "192.0.2.1", 5061, "192.0.2.1")]
    assert resolution.ttl == float("inf")
    assert places(uri(TLS_ZONE, "[2001:DB8::1]", 5099)) == [("TLS", "2001:db8::1", 5099, "2001:db8::1")]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "[::ffff:127.0.0.1]", "0.0.0.0", "224.0.0.1", "169.254.1.1"])
def test_an_address_of_this_host_is_refused(host: str) -> None:
    resolution = uri(TLS_ZONE, host)
    assert resolution.done and not resolution.hops
    assert "not to be connected to" in resolution.problem


def test_loopback_where_the_zone_allows_it() -> None:
    assert uri(DnsZone(name="D", allow_loopback=True), "127.0.0.1").hops
    assert uri(DefaultZone(allow_loopback=True), "127.0.0.1").hops
    assert not uri(DefaultZone(), "127.0.0.1").hops


@pytest.mark.parametrize(
    "host", ["", "..", "a b", "a" * 64, "x." * 130 + "example", "a\0.example", "1.2.3", "-.example"]
)
def test_what_is_no_host_is_not_asked_for(host: str) -> None:
    resolution = uri(TLS_ZONE, host, ms=True)
    assert resolution.done and not resolution.hops and "no host name" in resolution.problem
    assert len(resolution.problem) < 700 and resolution.problem.isprintable()


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_what_is_no_port(port: int) -> None:
    for host in ("a.example", "192.0.2.1"):
        resolution = uri(TLS_ZONE, host, port)
        assert resolution.done and not resolution.hops and resolution.problem


# RFC 3263


def test_an_explicit_port_asks_for_addresses_only() -> None:
    names = NameServer({"fe.example.com A": a("192.0.2.1"), "fe.example.com AAAA": a("2001:db8::1")})
    resolution = names.run(uri(TLS_ZONE, "fe.example.com", 5099, "tls", ms=True))
    assert places(resolution) == [
        ("TLS", "192.0.2.1", 5099, "fe.example.com"),
        ("TLS", "2001:db8::1", 5099, "fe.example.com"),
    ]
    assert names.asked == ["fe.example.com AAAA", "fe.example.com A"]


def test_naptr_then_srv_then_addresses() -> None:
    names = NameServer(
        {
            "example.com NAPTR": [
                NaptrRecord(20, 10, "s", "SIP+D2T", "_sip._tcp.example.com."),
                NaptrRecord(10, 20, "s", "SIPS+D2T", "tls.example.com."),
                NaptrRecord(5, 0, "s", "SIP+D2U", "_sip._udp.example.com."),
                NaptrRecord(1, 0, "u", "SIPS+D2T", "regexp.example.com."),
            ],
            "tls.example.com SRV": srv((0, 0, 5071, "sip.example.com.")),
            "sip.example.com A": a("192.0.2.1"),
        }
    )
    resolution = names.run(uri(TLS_ZONE, "example.com"))
    assert places(resolution) == [("TLS", "192.0.2.1", 5071, "example.com")]
    assert names.asked == ["example.com NAPTR", "tls.example.com SRV", "sip.example.com AAAA", "sip.example.com A"]


def test_without_naptr_the_services_are_asked() -> None:
    names = NameServer({"_sips._tcp.example.com SRV": srv((0, 0, 5061, "a.example")), "a.example A": a("192.0.2.1")})
    assert places(names.run(uri(TLS_ZONE, "example.com"))) == [("TLS", "192.0.2.1", 5061, "example.com")]
    assert names.asked[:2] == ["example.com NAPTR", "_sips._tcp.example.com SRV"]


def test_a_tls_zone_never_goes_down_to_tcp() -> None:
    names = NameServer(
        {
            "example.com NAPTR": [NaptrRecord(1, 1, "s", "SIP+D2T", "_sip._tcp.example.com")],
            "_sip._tcp.example.com SRV": srv((0, 0, 5060, "a.example")),
            "a.example A": a("192.0.2.1"),
        }
    )
    for transport in (None, "tcp", "udp", "TLS", "nonsense"):
        assert not names.run(uri(TLS_ZONE, "example.com", None, transport)).hops
    assert "_sip._tcp.example.com SRV" not in names.asked


@pytest.mark.parametrize(
    ("transport", "asked"),
    [
        (None, ["example.com NAPTR", "_sips._tcp.example.com SRV", "_sip._tcp.example.com SRV"]),
        ("tcp", ["_sip._tcp.example.com SRV"]),
        ("TLS", ["_sips._tcp.example.com SRV"]),
        ("udp", ["example.com NAPTR", "_sips._tcp.example.com SRV", "_sip._tcp.example.com SRV"]),
    ],
)
def test_a_tcp_zone_asks_for_what_the_uri_says(transport: str | None, asked: list[str]) -> None:
    names = NameServer()
    assert not names.run(uri(TCP_ZONE, "example.com", None, transport)).hops
    assert names.asked == asked


def test_tcp_hops_have_no_name_to_verify() -> None:
    names = NameServer({"_sip._tcp.example.com SRV": srv((0, 0, 5060, "a.example")), "a.example A": a("192.0.2.1")})
    assert places(names.run(uri(TCP_ZONE, "example.com"))) == [("TCP", "192.0.2.1", 5060, "")]


def test_the_address_record_only_when_switched_on() -> None:
    data = {"example.com A": a("192.0.2.1")}
    assert not NameServer(data).run(uri(TLS_ZONE, "example.com")).hops  # type: ignore[arg-type]
    zone = DnsZone(name="D", include_address_record=True)
    resolution = NameServer(data).run(uri(zone, "example.com"))  # type: ignore[arg-type]
    assert places(resolution) == [("TLS", "192.0.2.1", 5061, "example.com")]


@pytest.mark.parametrize(("fallback", "port"), [("TLS", 5061), ("TCP", 5060), ("UDP", 5061)])
def test_the_fallback_transport_of_a_tcp_zone(fallback: str, port: int) -> None:
    zone = DnsZone(name="D", transport="TCP", fallback_transport=fallback)
    assert uri(zone, "192.0.2.1").hops[0].port == port
    assert uri(zone, "192.0.2.1", None, "tcp").hops[0].transport == "TCP"
    assert uri(TLS_ZONE, "192.0.2.1", None, "tcp").hops[0].transport == "TLS"


def test_a_service_that_is_decidedly_not_there_is_not_asked_for_by_address() -> None:
    names = NameServer({"_sips._tcp.example.com SRV": srv((0, 0, 0, ".")), "example.com A": a("192.0.2.1")})
    resolution = names.run(uri(DnsZone(name="D", include_address_record=True), "example.com"))
    assert not resolution.hops and "no such service" in resolution.problem


@pytest.mark.parametrize("error", ["timeout", "servfail"])
def test_a_service_that_nobody_could_tell_of_is_not_asked_for_by_address(error: str) -> None:
    names = NameServer({"_sips._tcp.example.com SRV": error, "example.com A": a("192.0.2.1")})
    resolution = names.run(uri(DnsZone(name="D", include_address_record=True), "example.com"))
    assert not resolution.hops and resolution.unanswered
    assert "its SRV records could not be asked for" in resolution.problem


def test_a_name_server_that_knows_no_naptr_is_no_obstacle() -> None:
    names = NameServer({"example.com NAPTR": "servfail", "example.com A": a("192.0.2.1")})
    assert names.run(uri(DnsZone(name="D", include_address_record=True), "example.com")).hops


# Microsoft


def test_microsoft_traffic_asks_for_the_federation_service_first() -> None:
    names = NameServer(
        {
            "_sipfederationtls._tcp.example.com SRV": srv((0, 0, 5061, "sip.example.com.")),
            "sip.example.com A": a("192.0.2.1", "192.0.2.2"),
        }
    )
    resolution = names.run(uri(TLS_ZONE, "Example.com", ms=True))
    assert places(resolution) == [
        ("TLS", "192.0.2.1", 5061, "sip.example.com"),
        ("TLS", "192.0.2.2", 5061, "sip.example.com"),
    ]
    assert names.asked[0] == "_sipfederationtls._tcp.example.com SRV" and len(names.asked) == 3
    assert resolution.ttl == 60.0


def test_microsoft_traffic_falls_back_to_the_standard() -> None:
    names = NameServer(
        {
            "_sipfederationtls._tcp.example.com SRV": srv((0, 0, 5061, "gone.example.com")),
            "_sips._tcp.example.com SRV": srv((0, 0, 5061, "sip.example.com")),
            "sip.example.com A": a("192.0.2.1"),
        }
    )
    assert places(names.run(uri(TLS_ZONE, "example.com", ms=True))) == [("TLS", "192.0.2.1", 5061, "example.com")]


def test_the_federation_service_can_be_switched_off_and_others_never_ask_for_it() -> None:
    names = NameServer()
    names.run(uri(DnsZone(name="D", microsoft_service=""), "example.com", ms=True))
    names.run(uri(TLS_ZONE, "example.com"))
    names.run(uri(DefaultZone(), "example.com"))
    assert not any("federation" in question for question in names.asked)
    names.run(uri(DefaultZone(), "example.com", ms=True))
    assert "_sipfederationtls._tcp.example.com SRV" in names.asked


@pytest.mark.parametrize(
    ("tls", "expected"),
    [
        (TlsPolicy(), "example.com"),
        (TlsPolicy(verify=False), ""),
        (TlsPolicy(subject_names=("cert.example", "other.example")), "cert.example"),
    ],
)
def test_the_name_to_verify(tls: TlsPolicy, expected: str) -> None:
    names = NameServer({"_sips._tcp.example.com SRV": srv((0, 0, 5061, "x.example")), "x.example A": a("192.0.2.1")})
    assert names.run(uri(DnsZone(name="D", tls=tls), "example.com")).hops[0].name == expected


def test_modify_dns_request_replaces_only_what_is_looked_up() -> None:
    names = NameServer({"_sips._tcp.hub.example SRV": srv((0, 0, 5061, "x.example")), "x.example A": a("192.0.2.1")})
    resolution = names.run(uri(DnsZone(name="D", modify_dns_request="hub.example"), "example.com"))
    assert places(resolution) == [("TLS", "192.0.2.1", 5061, "example.com")]
    assert not any("example.com" in question for question in names.asked)


def test_questions_are_handed_out_once_and_strays_ignored() -> None:
    resolution = uri(TLS_ZONE, "a.example", 5061)
    first = resolution.questions()
    assert first == (Question("a.example", "A"), Question("a.example", "AAAA"))
    assert resolution.questions() == ()
    resolution.answer(Question("b.example", "A"), a("192.0.2.9"))
    resolution.answer(first[0], a("192.0.2.1"))
    resolution.answer(first[0], a("192.0.2.8"))
    assert not resolution.done and resolution.hops == ()
    resolution.answer(first[1], ())
    assert resolution.done and [hop.address for hop in resolution.hops] == ["192.0.2.1"]
    resolution.answer(first[1], a("2001:db8::1"))
    assert len(resolution.hops) == 1


def test_the_shortest_ttl_counts() -> None:
    resolution = uri(TLS_ZONE, "a.example", 5061)
    one, two = resolution.questions()
    resolution.answer(one, a("192.0.2.1"), ttl=30)
    resolution.answer(two, a("2001:db8::1"), ttl=10)
    assert resolution.ttl == 10


@pytest.mark.parametrize(("error", "unanswered"), [("timeout", True), ("servfail", True), ("nxdomain", False)])
def test_no_answer_is_not_the_answer_no(error: str, unanswered: bool) -> None:
    resolution = NameServer({"a.example A": error}).run(uri(TLS_ZONE, "a.example", 5061))
    assert resolution.unanswered is unanswered
    assert f"A a.example: {error}" in resolution.problem


def test_one_family_is_enough() -> None:
    names = NameServer({"a.example A": "timeout", "a.example AAAA": a("2001:db8::1")})
    assert names.run(uri(TLS_ZONE, "a.example", 5061)).hops


def test_a_draw_shares_the_load_anew() -> None:
    names = NameServer(
        {
            "_sips._tcp.example.com SRV": srv(
                (0, 1, 5061, "x.example"), (0, 1, 5061, "y.example"), (9, 1, 5061, "z.example")
            ),
            "x.example A": a("192.0.2.1", "192.0.2.2"),
            "y.example A": a("192.0.2.3"),
            "z.example A": a("192.0.2.4"),
        }
    )
    resolution = names.run(resolve_uri(TLS_ZONE, "example.com", None, None, microsoft=False, random=Random(3).random))
    draws = [resolution.draw() for _ in range(50)]
    assert {draw[0].address for draw in draws} == {"192.0.2.1", "192.0.2.2", "192.0.2.3"}
    assert all(sorted(draw, key=repr) == sorted(resolution.hops, key=repr) for draw in draws)
    assert all(draw[-1].address == "192.0.2.4" for draw in draws)


def test_a_service_alone() -> None:
    zone = NeighborZone(name="N", transport="TCP")
    names = NameServer({"_sip._tcp.example.com SRV": srv((0, 0, 5070, "x.example")), "x.example A": a("192.0.2.1")})
    resolution = Resolution(zone, "example.com", random=zero, service="_sip._tcp", standard=False)
    assert places(names.run(resolution)) == [("TCP", "192.0.2.1", 5070, "")]
    assert names.asked[0] == "_sip._tcp.example.com SRV"
    names = NameServer()
    names.run(Resolution(zone, "example.com", random=zero, service="_sip._tcp", standard=False))
    assert names.asked == ["_sip._tcp.example.com SRV"]


@pytest.mark.parametrize("target", ["192.0.2.1", "a b.example", "x" * 64, "a." * 200, "a\0.example", "\u00fc.example"])
def test_srv_targets_that_are_no_names_are_not_followed(target: str) -> None:
    names = NameServer({"_sips._tcp.example.com SRV": srv((0, 0, 5061, target), (1, 0, 0, "zero.example"))})
    resolution = names.run(uri(TLS_ZONE, "example.com"))
    assert not resolution.hops and len(names.asked) == 2
    assert "no host and port" in resolution.problem and resolution.problem.isprintable()


@pytest.mark.slow
def test_a_flood_of_records_is_bounded() -> None:
    data: dict[str, Any] = {
        "example.com NAPTR": [NaptrRecord(0, 0, "s", "SIPS+D2T", f"s{i}.example.com") for i in range(500)],
    }
    for i in range(500):
        data[f"s{i}.example.com SRV"] = srv(*[(0, 0, 5061, f"t{i}-{j}.example.com") for j in range(500)])
    names = NameServer(data)
    resolution = names.run(uri(TLS_ZONE, "example.com", ms=True))
    assert not resolution.hops and len(names.asked) <= MAX_QUESTIONS and len(resolution.problem) < 2000


def test_a_name_that_grows_too_long_is_not_asked_for() -> None:
    host = ".".join(["a" * 49] * 5)
    names = NameServer()
    resolution = names.run(uri(TLS_ZONE, host, ms=True))
    assert names.asked == [f"{host} NAPTR"] and "too long" in resolution.problem
    assert resolution.draw() == () == uri(TLS_ZONE, "..").draw()


@pytest.mark.slow
def test_a_flood_of_addresses_is_bounded() -> None:
    data: dict[str, Any] = {"_sips._tcp.example.com SRV": srv(*[(0, 0, 5061, f"t{i}.example.com") for i in range(500)])}
    for i in range(500):
        data[f"t{i}.example.com A"] = a(*[f"11.{i % 200}.{j // 250}.{j % 250}" for j in range(1000)])
    resolution = NameServer(data).run(uri(TLS_ZONE, "example.com"))
    assert len(resolution.hops) == MAX_HOPS and len(set(resolution.hops)) == MAX_HOPS
    assert len(resolution.draw()) == MAX_HOPS


TEXT = st.text(alphabet="ab._-\0\u00fc1", max_size=12) | st.sampled_from(
    [".", "a.example.", "127.0.0.1", "10.0.0.1", "192.0.2.1", "::1"]
)
RECORD = st.one_of(
    st.builds(SrvRecord, st.integers(-1, 70000), st.integers(-1, 70000), st.integers(-1, 70000), TEXT),
    st.builds(
        NaptrRecord,
        st.integers(0, 9),
        st.integers(0, 9),
        st.sampled_from(["s", "S", "u", ""]),
        st.sampled_from(["SIPS+D2T", "sip+d2t", "x"]),
        TEXT,
    ),
    TEXT.map(lambda text: a(text)[0]),
    st.none(),
)


@pytest.mark.slow
@given(st.data(), st.sampled_from([TLS_ZONE, TCP_ZONE]), TEXT, st.none() | st.integers(-1, 70000), st.booleans())
@examples(300)
def test_any_answers_lead_to_an_end(data: Any, zone: DnsZone, host: str, port: int | None, ms: bool) -> None:
    resolution = resolve_uri(zone, host, port, None, microsoft=ms, random=Random(1).random)
    asked = 0
    while not resolution.done:
        questions = resolution.questions()
        assert questions
        asked += len(questions)
        for question in questions:
            assert len(question.name) <= 253
            records = data.draw(st.lists(RECORD, max_size=4))
            resolution.answer(question, records, data.draw(st.sampled_from(["", "timeout"])), 5.0)
    assert asked <= MAX_QUESTIONS
    assert bool(resolution.hops) is not bool(resolution.problem)
    for hop in resolution.hops:
        assert (hop.port == 443 or 1024 <= hop.port < 65536) and hop.address == "192.0.2.1"
        assert hop.transport in (("TLS",) if zone is TLS_ZONE else ("TLS", "TCP"))
        assert bool(hop.name) is (hop.transport == "TLS")


def test_a_zone_of_another_kind_may_resolve_too() -> None:
    zone = Zone(name="Z", transport="TCP")
    assert Resolution(zone, "192.0.2.1", random=zero).hops == (Hop("Z", "TCP", "192.0.2.1", 5060),)
