"""``sipedge doctor`` as a command; the worlds it looks at run in the test's own event loop."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.configuration import EDGE, write
from support.doctor_certificates import make
from support.doctor_world import DOMAIN, OUR_NAME, OURS, TARGET, World
from support.drafting import RULE, ZONES

from sipedge.cli import main
from sipedge.cli.doctor.doctor_run import allowed_by
from sipedge.lab import layout
from zones.addresses import ANYWHERE, PUBLIC, Allowed

REFUSAL = (
    "SIP/2.0 504 Server time-out\r\nVia: SIP/2.0/TLS 192.0.2.1:5061;branch=z9hG4bK1\r\n"
    "From: <sip:a@a.example>;tag=1\r\n"
    f"To: <sip:b@{DOMAIN}>;tag=2\r\nCall-ID: c1\r\nCSeq: 1 INVITE\r\n"
    f'ms-diagnostics: 1009;reason="No match";domain="{DOMAIN}"\r\nContent-Length: 0\r\n\r\n'
)


def run(*arguments: str, text: str = "") -> Result:
    return CliRunner().invoke(main, ["doctor", *arguments], input=text)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    authority = make(None, "Test CA", ca=True)
    leaf, ours = make(authority, TARGET, names=[TARGET]), make(authority, OUR_NAME, names=[OUR_NAME])
    block = layout.reserve()
    with block.lock:
        yield World(tmp_path, block, authority, leaf, ours)


def look(world: World, *arguments: str, text: str = "") -> Result:
    """The command on a running world, with its DNS, CAs and certificate as options."""

    async def go() -> Result:
        async with AsyncExitStack() as stack:
            options = await world.start(stack)
            assert options.client is not None
            certificate = ("--client-certificate", options.client.certificate, "--key", options.client.key)
            given = ("--dns", options.dns.servers[0], "--ca", options.trusted, *certificate, "--from", OURS)
            return await asyncio.to_thread(run, *arguments, *given, text=text)

    return asyncio.run(go())


@pytest.mark.e2e
def test_good_domain(world: World) -> None:
    result = look(world, DOMAIN)
    assert result.exit_code == 0, result.output
    assert re.search(
        r"^ok +dns\.srv +_sipfederationtls\._tcp\.example\.com +0 0 5061 sip\.example\.com *$", result.output, re.M
    )
    assert result.output.splitlines()[-1].startswith("ok: ")
    assert "\x1b" not in result.output


@pytest.mark.e2e
def test_fault_with_cause_and_cure(world: World) -> None:
    world.show(world.leaf(names=["vcse.example.com"]))
    result = look(world, DOMAIN)
    assert result.exit_code == 1
    advice = result.output.partition("failed: tls.name")[2]
    assert "0xc3e93d67 SIPPROXY_E_ROUTING_MSG_CERT_MISMATCH" in advice and "0x80090322" in advice
    assert "seen" in advice and "vcse.example.com" in advice and "mend" in advice


@pytest.mark.e2e
def test_json(world: World) -> None:
    result = look(world, DOMAIN, "--json", "--direction", "inbound")
    report = json.loads(result.output)
    assert result.exit_code == 0 and report["verdict"] == "ok" and report["domains"] == [DOMAIN]
    keys = "id group domain subject verdict reason seen expected ms_diagnostics edge_log hresult effect mend days"
    assert all(list(check) == keys.split() for check in report["checks"])


@pytest.mark.e2e
@pytest.mark.parametrize(("days", "status", "word"), [(90, 0, "OK"), (3, 1, "WARNING"), (-1, 2, "CRITICAL")])
def test_nagios(world: World, days: int, status: int, word: str) -> None:
    world.show(world.leaf(begins=-30, days=days))
    result = look(world, DOMAIN, "--nagios")
    assert result.exit_code == status, result.output
    assert result.output.startswith(f"FEDERATION {word} - ") and result.output.count("\n") == 1


@pytest.mark.e2e
def test_configuration_gives_domains_certificates_and_zones(world: World, tmp_path: Path) -> None:
    world.client = make(world.authority, TARGET, names=[TARGET])
    plan = 'search rule "back" {\n mode any alias\n target zone "IMP"\n}\n'

    async def go() -> Result:
        async with AsyncExitStack() as stack:
            options = await world.start(stack)
            assert options.client is not None
            (tmp_path / "edge.dialplan").write_text(plan)
            (tmp_path / "edge.toml").write_text(
                f'[edge]\nsystem_name = "edge.example.com"\ndomains = ["{DOMAIN}"]\ndialplans = ["edge.dialplan"]\n'
                f'[dns]\nservers = ["{options.dns.servers[0]}"]\n[tls]\ntrusted = "{options.trusted}"\n'
                f'server = [{{ certificate = "{options.client.certificate}", key = "{options.client.key}" }}]\n'
                '[[zone]]\ntype = "neighbor"\nname = "IMP"\npeers = ["nowhere.example.com"]\n'
                '[[zone]]\ntype = "dns"\nname = "Out"\nallow_loopback = true\n'
            )
            arguments = ("--config", str(tmp_path / "edge.toml"), "--federation-routing", "imp1-public.example.com")
            return await asyncio.to_thread(run, *arguments, "--json")

    result = asyncio.run(go())
    verdicts = {(check["id"], check["domain"]): check["verdict"] for check in json.loads(result.output)["checks"]}
    assert result.exit_code == 1
    assert [key for key, verdict in verdicts.items() if verdict == "failed"] == [("dns.peer", 'zone "IMP"')]
    assert verdicts["sip.from", DOMAIN] == verdicts["own.chain", "this side"] == "ok"
    assert verdicts["sip.notify-return", "imp1-public.example.com"] == "ok"


@pytest.mark.e2e
def test_trace_leads_to_an_examination(world: World) -> None:
    world.records[f"_sipfederationtls._tcp.{DOMAIN} SRV"] = ["0 0 5061 sip.sub.example.com."]
    result = look(world, "--explain", "-", "--examine", "--json", text=REFUSAL)
    report = json.loads(result.output)
    assert result.exit_code == 1
    assert [finding["codes"] for finding in report["findings"]] == [["ms-diagnostics 1009"]]
    checks = {check["id"]: check["verdict"] for check in report["examination"]["checks"]}
    assert checks == {"dns.srv-domain": "failed", "dns.srv-single": "ok"}
    people = look(world, "--explain", "-", "--examine", text=REFUSAL)
    assert "lies in a sub-domain" in people.output and "1 refusal found" in people.output


def test_explanation_for_people() -> None:
    result = run("--explain", "-", text=REFUSAL)
    assert result.exit_code == 1
    assert "the SRV target does not lie in exactly the SIP domain" in result.output
    assert f"the domain that is called ({DOMAIN})" in result.output
    assert f"sipedge doctor {DOMAIN}" in result.output


def test_trace_without_refusals(tmp_path: Path) -> None:
    trace = tmp_path / "good.sip"
    trace.write_text(REFUSAL.replace("504 Server time-out", "200 OK"))
    result = run("--explain", str(trace))
    assert (result.exit_code, result.output) == (0, "0 refusals found\n")


@pytest.mark.parametrize(
    ("server", "allowed"),
    [
        ("127.0.0.1:5353", Allowed(loopback=True)),
        ("[::1]:53", Allowed(loopback=True)),
        ("10.0.0.53", Allowed(private=True)),
        ("fd00::53", Allowed(private=True)),
        ("192.0.2.53", PUBLIC),
    ],
)
def test_a_named_server_may_send_the_doctor_where_it_is_itself(server: str, allowed: Allowed) -> None:
    assert allowed_by(PUBLIC, (server,)) == allowed
    assert allowed_by(ANYWHERE, (server,)) == ANYWHERE


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "a DOMAIN is missing"),
        (("not a domain",), "'not a domain' is no domain name"),
        (("example.com", "--dns", "nonsense"), "DNS server 'nonsense' is not an address"),
        (("example.com", "--dns", "127.0.0.1:99999"), "not a number from 1 to 65535"),
        (("example.com", "--dns", "127.0.0.1:9", "--ca", "/nonexistent"), "/nonexistent: No such file"),
        (("example.com", "--key", "x.key"), "--key is of no use"),
        (("--explain", "/nonexistent"), "cannot be read"),
        (("example.com", "--direction", "sideways"), "sideways"),
    ],
)
def test_usage(arguments: tuple[str, ...], words: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2 and words in result.output, result.output


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--zone", "far"], "--zone needs --config FILE"),
        (["--config", "edge.toml", "--zone", "far", "a.example"], "and no DOMAIN beside it"),
        (["--config", "edge.toml", "--zone", "mars"], 'there is no zone "mars"; known: near, far, other'),
    ],
)
def test_a_zone_is_one_of_a_configuration(
    more: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, RULE, "edge.dialplan")
    write(tmp_path, EDGE + 'dialplans = ["edge.dialplan"]\n' + ZONES)
    monkeypatch.chdir(tmp_path)
    result = run(*more)
    assert result.exit_code == 2 and sentence in result.output


def test_of_a_zone_only_its_peers_are_examined(tmp_path: Path) -> None:
    write(tmp_path, RULE, "edge.dialplan")
    config = write(tmp_path, EDGE + 'dialplans = ["edge.dialplan"]\n' + ZONES)
    result = run("--config", str(config), "--zone", "far", "--json")
    checks = json.loads(result.stdout)["checks"]
    assert {each["subject"] for each in checks if each["domain"].startswith("zone")} == {"127.0.0.3", "127.0.0.3:5061"}
    assert {each["domain"] for each in checks if not each["id"].startswith("own.")} == {'zone "far"'}
