"""The demands of Microsoft's Edge, one test each."""

from __future__ import annotations

from sipedge.lab.parties.federation import (
    Fault,
    Rate,
    Srv,
    check_certificate,
    check_srv,
    choose,
    in_domain,
    no_address,
    untrusted_chain,
)


def srv(target: str, priority: int = 10, weight: int = 10) -> Srv:
    return Srv(priority, weight, 5061, target)


def test_one_record_counts_lowest_priority_then_highest_weight() -> None:
    records = [srv("a.x.example", 20, 99), srv("b.x.example", 10, 1), srv("c.x.example", 10, 50)]
    assert choose(records) == records[2]
    assert choose([]) is None


def test_the_ignored_records_do_not_help_a_wrong_one() -> None:
    fault = check_srv("x.example", [srv("sip.x.example", 20), srv("sip.other.example", 10)])
    assert isinstance(fault, Fault) and fault.number == 1009


def test_target_lies_in_exactly_the_domain() -> None:
    assert in_domain("expe.example.com", "example.com")
    assert in_domain("EXPE.Example.com", "example.COM")
    assert not in_domain("expe.sub.example.com", "example.com")
    assert not in_domain("expe.dummy.com", "example.com")
    assert not in_domain("example.com", "example.com")
    assert not in_domain("sip.ciscoexample.com", "exp.ciscoexample.com")


def test_1008_without_a_record() -> None:
    fault = check_srv("x.example", [])
    assert isinstance(fault, Fault) and fault.number == 1008


def test_1009_names_domain_and_target_as_the_client_log_shows_them() -> None:
    fault = check_srv("cms.steven.lab", [srv("vcse.sub.cms.steven.lab")])
    assert isinstance(fault, Fault)
    assert fault.header("sip.skype.lab") == (
        '1009;reason="No match for domain in DNS SRV results";domain="cms.steven.lab"'
        ';fqdn1="vcse.sub.cms.steven.lab:5061";source="sip.skype.lab"'
    )


def test_1010_names_target_and_peer_as_the_client_log_shows_them() -> None:
    fault = check_certificate("vcse.cms.steven.lab", ("vcse.steven.lab",))
    assert fault is not None
    assert fault.header("sip.skype.lab") == (
        '1010;reason="Certificate trust with another server could not be established"'
        ';ErrorType="The peer certificate does not contain a matching FQDN";tls-target="vcse.cms.steven.lab"'
        ';PeerServer="vcse.steven.lab";HRESULT="0x80090322(SEC_E_WRONG_PRINCIPAL)";source="sip.skype.lab"'
    )


def test_certificate_names_compare_without_case_and_without_wildcards() -> None:
    assert check_certificate("SIP.x.example", ("sip.x.example",)) is None
    assert check_certificate("sip.x.example", ("*.x.example",)) is not None
    assert check_certificate("sip.x.example", ()) is not None


def test_other_faults_have_their_numbers() -> None:
    assert untrusted_chain("sip.x.example").number == 1010
    assert "SEC_E_CERT_EXPIRED" in untrusted_chain("sip.x.example", expired=True).header("s")
    assert no_address("sip.x.example").number == 1014


def test_rate_counts_the_last_second_and_forgets() -> None:
    rate = Rate(3)
    assert [rate.admit(now) for now in (0.0, 0.1, 0.2, 0.9)] == [True, True, True, False]
    assert rate.admit(1.05)
    assert not rate.admit(1.06)
