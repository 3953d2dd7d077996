from __future__ import annotations

from pathlib import Path

import pytest
from support.doctor_certificates import ca_file, files, make
from support.settings import ZONES, make_settings, with_zone

from sipedge.doctor.checks.own import check_from, check_own, speaks_for
from sipedge.doctor.checks.result import CheckVerdict
from sipedge.doctor.facts.dns import DnsAnswer
from sipedge.doctor.facts.domain import DomainFacts
from sipedge.doctor.facts.options import CallDirection, Options
from sipedge.doctor.probes.own import read_own
from sipedge.doctor.probes.trust import read_trust
from sipedge.settings import Certificate
from zones.dns import SrvRecord
from zones.zone import Topology

CA = make(None, "Test CA", ca=True)
LEAF = make(CA, "sip.ours.example", names=["sip.ours.example", "sip.second.example"])


def facts(domain: str, target: str = "") -> DomainFacts:
    chosen = SrvRecord(0, 0, 5061, target) if target else None
    return DomainFacts(domain, DnsAnswer(f"_sipfederationtls._tcp.{domain}", "SRV"), chosen)


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    certificate, key = files(tmp_path, LEAF)
    _, other = files(tmp_path, CA)
    (tmp_path / "empty").write_text("")
    assert read_own(Certificate(certificate, key)).problem == ""
    assert read_own(Certificate(certificate, other)).problem == "the key does not belong to it"
    assert "holds no certificate" in read_own(Certificate(str(tmp_path / "empty"), key)).problem
    assert "No such file" in read_own(Certificate(str(tmp_path / "missing"), key)).problem
    assert read_own(Certificate(certificate, str(tmp_path / "missing"))).problem


def test_only_calls_to_the_domain_need_no_clientauth(tmp_path: Path) -> None:
    own = read_own(Certificate(*files(tmp_path, make(CA, "x", names=["x.y.example"], eku=["server"]))))
    trust = read_trust(ca_file(tmp_path, CA))
    by_direction = {
        direction: {one.id: one.verdict for one in check_own(own, Options(direction=direction), trust)}
        for direction in CallDirection
    }
    assert by_direction[CallDirection.INBOUND]["own.client-auth"] is CheckVerdict.NOT_RUN
    assert by_direction[CallDirection.OUTBOUND]["own.client-auth"] is CheckVerdict.FAILED


def test_expired(tmp_path: Path) -> None:
    own = read_own(Certificate(*files(tmp_path, make(CA, "x", names=["x.y.example"], begins=-9, days=-1))))
    found = {one.id: one for one in check_own(own, Options(), read_trust(ca_file(tmp_path, CA)))}
    assert found["own.dates"].verdict is CheckVerdict.FAILED and found["own.expiry"].verdict is CheckVerdict.NOT_RUN


def test_chain_out_of_order(tmp_path: Path) -> None:
    upper = make(CA, "Upper", ca=True)
    lower = make(upper, "Lower", ca=True)
    leaf = make(lower, "x", names=["x.y.example"])
    own = read_own(Certificate(*files(tmp_path, leaf, (upper.certificate, lower.certificate))))
    found = {one.id: one for one in check_own(own, Options(), read_trust(ca_file(tmp_path, CA)))}
    assert found["own.chain"].verdict is CheckVerdict.WARNING


@pytest.mark.parametrize(
    ("domains", "domain", "speaks"),
    [
        ((), "ours.example", True),
        ((), "second.example", True),
        ((), "example", False),
        ((), "theirs.example", False),
        (("theirs.example",), "theirs.example", True),
        (("theirs.example",), "ours.example", False),
    ],
)
def test_whose_certificate_it_is(tmp_path: Path, domains: tuple[str, ...], domain: str, speaks: bool) -> None:
    own = read_own(Certificate(*files(tmp_path, LEAF)))
    assert speaks_for(own, Options(own_domains=domains), domain) == speaks


def test_from(tmp_path: Path) -> None:
    own = read_own(Certificate(*files(tmp_path, LEAF)))
    assert check_from(own, facts("ours.example", "SIP.ours.example")).verdict is CheckVerdict.OK
    assert check_from(own, facts("ours.example", "edge.ours.example")).verdict is CheckVerdict.FAILED
    assert check_from(own, facts("ours.example")).verdict is CheckVerdict.NOT_RUN
    assert check_from(None, facts("ours.example", "sip.ours.example")).verdict is CheckVerdict.NOT_RUN


def test_where_a_zone_is_hidden_the_certificate_names_the_edge(tmp_path: Path) -> None:
    own, trust = read_own(Certificate(*files(tmp_path, LEAF))), read_trust(ca_file(tmp_path, CA))
    hidden = with_zone(ZONES, "Inside", topology=Topology.HIDDEN)
    verdicts = []
    for zones, name in ((ZONES, "sip.ours.example"), (hidden, "sip.ours.example"), (hidden, "edge.ours.example")):
        options = Options(settings=make_settings(zones=zones, system_name=name))
        verdicts.append([one.verdict for one in check_own(own, options, trust) if one.id == "own.system-name"])
    assert verdicts == [[], [CheckVerdict.OK], [CheckVerdict.FAILED]]
