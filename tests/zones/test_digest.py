from __future__ import annotations

import os
from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from sipedge.bus.shelf import SharedShelf
from sipedge.rates.shelf import Counts
from zones.digest import (
    MAX_REMEMBERED,
    MAX_USES,
    NONCE_LIFE,
    DigestCheck,
    DigestOutcome,
    DigestServer,
    authorization,
    parse,
)
from zones.zone import Credential

ALICE = Credential("alice", "secret")
URI = "sip:expe.example:7001;transport=tls"


def salts() -> Callable[[], bytes]:
    numbers = count()
    return lambda: next(numbers).to_bytes(8, "big")


def server(credential: Credential = ALICE, realm: str = "TraversalZone") -> DigestServer:
    return DigestServer(realm, credential, b"key", salts())


def proof(challenges: list[str], credential: Credential = ALICE, nc: int = 1, uri: str = URI) -> str:
    value = authorization(challenges, credential, "OPTIONS", uri, "c0ffee", nc)
    assert value is not None
    return value


def outcome(check: DigestCheck) -> DigestOutcome:
    return check.outcome


# the examples of RFC 7616 3.9.1

RFC_CHALLENGE = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)
SHA = "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
MD5 = "8ca523f5e9506fed4657c9700eebdbec"


@pytest.mark.parametrize(
    ("algorithms", "algorithm", "response"),
    [(["MD5"], "MD5", MD5), (["SHA-256"], "SHA-256", SHA), (["MD5", "SHA-256"], "SHA-256", SHA)],
)
def test_the_examples_of_the_rfc(algorithms: list[str], algorithm: str, response: str) -> None:
    value = authorization(
        [RFC_CHALLENGE.format(name) for name in algorithms],
        Credential("Mufasa", "Circle of Life"),
        "GET",
        "/dir/index.html",
        "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    )
    assert value is not None
    given = parse(value)
    assert (given["algorithm"], given["response"], given["nc"]) == (algorithm, response, "00000001")
    assert given["opaque"] == "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"


def test_the_strongest_is_offered_first() -> None:
    offered = [parse(value) for value in server().challenges(0.0)]
    assert [given["algorithm"] for given in offered] == ["SHA-256", "MD5"]
    assert all(given["realm"] == "TraversalZone" and given["qop"] == "auth" for given in offered)
    assert "stale" not in offered[0]
    assert parse(server().challenges(0.0, stale=True)[0])["stale"] == "true"


TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), min_size=1, max_size=20)


@given(TEXT, TEXT, TEXT, st.floats(0, 1e9), st.sampled_from([0, 1]))
@examples(100)
def test_right_credentials_pass_and_wrong_ones_do_not(
    name: str, password: str, realm: str, now: float, algorithm: int
) -> None:
    right = server(Credential(name, password), realm)
    challenge = right.challenges(now)[algorithm : algorithm + 1]
    good = proof(challenge, Credential(name, password))
    assert outcome(right.check(good, "OPTIONS", URI, now)) is DigestOutcome.OK
    for wrong in (Credential(name, password + "x"), Credential(name + "x", password)):
        assert outcome(right.check(proof(challenge, wrong, 2), "OPTIONS", URI, now)) is DigestOutcome.BAD
    assert (
        outcome(right.check(proof(challenge, Credential(name, password), 2), "INVITE", URI, now)) is DigestOutcome.BAD
    )
    assert (
        outcome(right.check(proof(challenge, Credential(name, password), 2), "OPTIONS", "sip:x", now))
        is DigestOutcome.BAD
    )


def test_a_nonce_ages() -> None:
    edge = server()
    challenges = edge.challenges(1000.0)
    assert outcome(edge.check(proof(challenges), "OPTIONS", URI, 1000.0 + NONCE_LIFE)) is DigestOutcome.OK
    assert outcome(edge.check(proof(challenges, nc=2), "OPTIONS", URI, 1001.0 + NONCE_LIFE)) is DigestOutcome.STALE
    assert outcome(edge.check(proof(challenges, nc=3), "OPTIONS", URI, 900.0)) is DigestOutcome.STALE


def test_a_replay_is_stale() -> None:
    edge = server()
    challenges = edge.challenges(0.0)
    for nc, expected in (
        (1, DigestOutcome.OK),
        (1, DigestOutcome.STALE),
        (5, DigestOutcome.OK),
        (4, DigestOutcome.STALE),
        (6, DigestOutcome.OK),
    ):
        assert outcome(edge.check(proof(challenges, nc=nc), "OPTIONS", URI, 1.0)) is expected
    assert outcome(edge.check(proof(challenges, nc=MAX_USES + 1), "OPTIONS", URI, 1.0)) is DigestOutcome.STALE


def test_a_replay_does_not_get_through_for_want_of_memory() -> None:
    edge = server()
    first = proof(edge.challenges(0.0))
    assert outcome(edge.check(first, "OPTIONS", URI, 0.0)) is DigestOutcome.OK
    for i in range(MAX_REMEMBERED):
        assert outcome(edge.check(proof(edge.challenges(1.0 + i / 100)), "OPTIONS", URI, 12.0)) is DigestOutcome.OK
    assert outcome(edge.check(first, "OPTIONS", URI, 12.0)) is DigestOutcome.STALE
    assert outcome(edge.check(proof(edge.challenges(12.0)), "OPTIONS", URI, 12.0)) is DigestOutcome.OK


def test_two_processes_of_one_edge_take_each_use_of_a_nonce_once() -> None:
    file = os.memfd_create("test")
    one, two = (
        DigestServer("TraversalZone", ALICE, b"key", salts(), Counts(SharedShelf(file, 0), "nonces")) for _ in range(2)
    )
    challenges = one.challenges(0.0)
    for edge, nc, expected in (
        (two, 1, DigestOutcome.OK),
        (one, 1, DigestOutcome.STALE),
        (one, 2, DigestOutcome.OK),
        (two, 2, DigestOutcome.STALE),
    ):
        assert outcome(edge.check(proof(challenges, nc=nc), "OPTIONS", URI, 1.0)) is expected
    os.close(file)


def test_nonces_of_others_are_stale() -> None:
    other = DigestServer("TraversalZone", ALICE, b"another key", salts())
    edge = server()
    assert outcome(edge.check(proof(other.challenges(0.0)), "OPTIONS", URI, 0.0)) is DigestOutcome.STALE
    ours = parse(edge.challenges(0.0)[0])["nonce"]
    for nonce in ("x", "\u00fc", "!!!!", ours[:-4], ours[:5] + "!" + ours[5:], ours.swapcase()):
        forged = proof([f'Digest realm="TraversalZone", nonce="{nonce}", qop="auth"'])
        assert outcome(edge.check(forged, "OPTIONS", URI, 0.0)) is DigestOutcome.STALE


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('username="alice"', 'username=""'),
        ("qop=auth", "qop=auth-int"),
        (", qop=auth", ""),
        ("algorithm=SHA-256", "algorithm=SHA-512-256"),
        ("algorithm=SHA-256", "algorithm=MD5"),
        ("nc=00000001", "nc=1"),
        ("nc=00000001", "nc=0000000g"),
        ('realm="TraversalZone"', 'realm="other"'),
        ("Digest ", "Basic "),
        ('cnonce="c0ffee", ', ""),
        ("nc=00000001", "nc=00000001, nc=00000002"),
    ],
)
def test_credentials_that_prove_nothing(old: str, new: str) -> None:
    edge = server()
    value = proof(edge.challenges(0.0))
    assert old in value
    check = edge.check(value.replace(old, new), "OPTIONS", URI, 0.0)
    assert check.outcome is DigestOutcome.BAD and check.reason


def test_md5_is_what_no_algorithm_means() -> None:
    edge = server()
    value = proof(edge.challenges(0.0)[1:]).replace("algorithm=MD5, ", "")
    assert outcome(edge.check(value, "OPTIONS", URI, 0.0)) is DigestOutcome.OK


@pytest.mark.parametrize(
    "challenges",
    [
        [],
        ["Basic realm=x"],
        ['Digest realm="r", nonce="n", qop="auth", algorithm=SHA-512-256'],
        ['Digest realm="r", nonce="n"'],
        ['Digest realm="r", nonce="n", qop="auth-int"'],
        ['Digest nonce="n", qop="auth"'],
        ['Digest realm="r", nonce="", qop="auth"'],
        ["Digest realm"],
    ],
)
def test_challenges_that_cannot_be_answered(challenges: list[str]) -> None:
    assert authorization(challenges, ALICE, "OPTIONS", URI, "c") is None


@pytest.mark.parametrize(
    ("value", "parameters"),
    [
        ("Digest a=b", {"a": "b"}),
        ('DIGEST A="b c" , d = e', {"a": "b c", "d": "e"}),
        (r'Digest a="x\"y\\z", b=c,', {"a": 'x"y\\z', "b": "c"}),
        ('Digest a="x,b=y"', {"a": "x,b=y"}),
        ("Digest\ta=b", None),
        ("Digest", {}),
        ('Digest a="b', None),
        ("Digest a=b c=d", None),
        ("Digest =b", None),
        ("Digest a=b, A=c", None),
        ("Digest " + ",".join(f"a{i}=b" for i in range(40)), None),
        ('Digest a="' + "x" * 5000 + '"', None),
        ("", None),
        ("Basic a=b", None),
    ],
)
def test_parse(value: str, parameters: dict[str, str] | None) -> None:
    if parameters is None:
        with pytest.raises(ValueError, match="Digest|parameters|twice"):
            parse(value)
    else:
        assert parse(value) == parameters


@pytest.mark.slow
@given(st.text(max_size=60) | st.from_regex(r'Digest ([a-z]{1,3}=("[^"]*"|[a-z\\",]+),? ?){0,5}', fullmatch=True))
@examples(200)
def test_hostile_values_are_judged_not_raised(value: str) -> None:
    assert server().check(value, "OPTIONS", URI, 0.0).outcome is DigestOutcome.BAD
    authorization([value], ALICE, "OPTIONS", URI, "c")


def test_bytes_that_are_no_text_are_judged_too() -> None:
    edge = server()
    value = proof(edge.challenges(0.0)).replace("alice", b"\xff\xfe".decode("utf-8", "surrogateescape"))
    assert outcome(edge.check(value, "OPTIONS", URI, 0.0)) is DigestOutcome.BAD
