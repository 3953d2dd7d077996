from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID
from support.doctor_certificates import Issued, ca_file, make

from sipedge.certificates.chain import Chain, read_chain
from sipedge.doctor.checks.certificate import check_chain
from sipedge.doctor.checks.result import About, CheckVerdict, Result
from sipedge.doctor.probes.trust import read_trust

CA = make(None, "Test CA", ca=True)
BETWEEN = make(CA, "Intermediate", ca=True)
ACCESS = ((AuthorityInformationAccessOID.CA_ISSUERS, "http://ca.example/i.crt"),)
REFUSAL = "unable to get local issuer certificate"


def chain(*shown: Issued) -> Chain:
    return read_chain(tuple(one.certificate.public_bytes(Encoding.DER) for one in shown))


def judged(tmp_path: Path, sent: Chain, refusal: str = "") -> dict[str, Result]:
    trust = read_trust(ca_file(tmp_path, CA))
    return {one.id: one for one in check_chain(About("d.example"), sent, trust, refusal)}


def test_without_a_hint_nobody_can_tell_an_intermediate_from_a_root(tmp_path: Path) -> None:
    found = judged(tmp_path, chain(make(BETWEEN, "x", names=["x.d.example"])), REFUSAL)
    complete = found["tls.chain-complete"]
    assert complete.verdict is CheckVerdict.NOT_RUN
    assert complete.reason.startswith("the chain ends at 'CN=x'; its issuer 'CN=Intermediate' is not sent")
    assert found["tls.trusted"].mend.startswith("Append the intermediate certificates")


def test_an_issuer_that_says_where_its_own_certificate_lies_is_no_root(tmp_path: Path) -> None:
    found = judged(tmp_path, chain(make(BETWEEN, "x", names=["x.d.example"], access=ACCESS)), REFUSAL)
    verdicts = [found[id].verdict for id in ("tls.chain-complete", "tls.trusted")]
    assert verdicts == [CheckVerdict.FAILED, CheckVerdict.NOT_RUN]


@pytest.mark.parametrize("sent", [(BETWEEN,), (BETWEEN, CA)], ids=["without root", "with root"])
def test_a_chain_up_to_a_trusted_ca_is_complete(tmp_path: Path, sent: tuple[Issued, ...]) -> None:
    found = judged(tmp_path, chain(make(BETWEEN, "x", names=["x.d.example"]), *sent))
    assert {one.verdict for one in found.values()} == {CheckVerdict.OK}
