from __future__ import annotations

from sipedge.lab.parties.link import names_of


def test_common_name_counts_only_without_san() -> None:
    subject = ((("commonName", "CN.example"),),)
    assert names_of({"subject": subject}) == ("cn.example",)
    assert names_of({"subject": subject, "subjectAltName": (("DNS", "SAN.example"), ("URI", "sip:x"))}) == (
        "san.example",
    )
    assert names_of(None) == ()
