"""The checks of published web services; their symptoms are what browsers and Lync's clients see."""

from __future__ import annotations

from .check import Check, Symptom

_NOWHERE = Symptom("browsers and clients outside find nothing")

WEB = (
    Check(
        "web.outside",
        "the published name has an address outside",
        _NOWHERE,
        "Publish an A or AAAA record of <domain> with the edge's public address.",
    ),
    Check(
        "web.edge",
        "outside, the published name leads to the edge",
        _NOWHERE,
        "Let the A and AAAA records of <domain> name the address of [web], or of the NAT before it.",
    ),
    Check(
        "web.inside",
        "inside, the name leads to the servers and not to the edge; a guest URI may do so by service records",
        Symptom("for a guest URI the edge would connect to itself; for others, clients inside go through the edge"),
        "Inside, give <domain> the servers' addresses, or SRV records _cms-web._tls.<domain> with their names.",
    ),
    Check(
        "web.leak",
        "_cms-web._tls of a guest URI has no record outside",
        Symptom("everybody outside learns the names of servers inside"),
        "Take _cms-web._tls.<domain> out of the outside DNS.",
    ),
    Check(
        "web.certificate",
        "the certificate that the edge shows outside names the published name, is valid, and leads to a trusted CA",
        Symptom("browsers warn, and Lync's clients do not connect"),
        "Get a certificate with <domain> among its names: sipedge csr says which ones are needed.",
    ),
    Check(
        "web.behind",
        "every server behind shows a certificate that the edge accepts, with the name that it must have",
        Symptom("the server is shown as failed; when all are, browsers get 503"),
        "Renew the server's certificate, name its CA in trusted, or correct verify_name.",
    ),
    Check(
        "web.discover",
        "lyncdiscover answers a request for its root with 200",
        Symptom("mobile clients cannot sign in"),
        "Let the rule with lyncdiscover lead to a pool whose external web site has the autodiscover service.",
    ),
)
