"""The values that answers carry, as JSON has them. Times are seconds since the epoch, spans are seconds."""

from __future__ import annotations

from typing import Any, TypedDict


class PeerJson(TypedDict):
    """A peer of a neighbour zone, or one that a traversal client connects to."""

    peer: str
    """Its address and port; its configured name where there is no address yet."""
    state: str
    """``alive``, ``failed``, ``retrying``; of traversal ``waiting``, ``connecting``, ``opened``, ``active``."""
    since: float | None
    """When it came into this state; None where that was not noted."""
    problem: str
    """Why it is not alive, where that is known."""
    waiting: int
    """Requests that wait for a connection to it, or for their turn where the zone has a pace."""


class ZoneJson(TypedDict):
    name: str
    kind: str
    """As ``type`` in edge.toml."""
    connections: int
    waiting: int
    """As of a peer; of all hops of the zone."""
    peers: list[PeerJson]
    """Of neighbour and traversal client zones."""
    up: bool | None
    """Of a traversal zone: whether a connection of it is authenticated."""
    problems: list[str]
    """Names of peers that lead nowhere."""


class ConnectionJson(TypedDict):
    connection: int
    """The number that ``close`` takes."""
    peer: str
    local: str
    transport: str
    tls_version: str
    zone: str
    opened_by: str
    """``peer`` or ``edge``."""
    names: list[str]
    """In the peer's certificate."""
    since: float
    transactions: int


class ListenerJson(TypedDict):
    name: str
    transport: str
    address: str
    zone: str
    """The traversal server zone whose port it is; ''."""


class CertificateJson(TypedDict):
    file: str
    ends: float
    days_left: float
    """Negative where it has expired."""


class RefusedJson(TypedDict):
    zone: str
    """'' where none was found yet."""
    reason: str
    count: int


class ChangesJson(TypedDict):
    """What another configuration has otherwise."""

    rules: dict[str, int]
    """``added``, ``removed`` and ``changed`` -> number. So for transforms."""
    transforms: dict[str, int]
    zones: dict[str, list[str]]
    """The same three -> names."""
    settings: list[str]
    """Further fields of Settings that differ: ``limits``, ``listeners``, ``tls`` ..."""


class UnconfirmedJson(TypedDict):
    left: float
    """Until the edge goes back."""
    back_to: str
    """The revision."""


class WentBackJson(TypedDict):
    """What was on trial and is in force no more, by the edge itself."""

    revision: str
    at: float
    why: str


class RefusedLoadJson(TypedDict):
    """What could not be put in force."""

    at: float
    sentence: str
    problems: list[str]
    """Mistakes in files, each with its place."""


class DoctorFindingJson(TypedDict):
    """Of the doctor, who examines the edge in rounds."""

    check: str
    about: str
    """The domain or zone, and what of it."""
    verdict: str
    """``failed`` or ``warning``."""
    seen: str
    expected: str


class BanJson(TypedDict):
    source: str
    """An address, or the /64 of an IPv6 site."""
    reason: str
    left: float
    """Seconds."""
    times: int
    """Bans of this source in a row."""


class StreamJson(TypedDict):
    domain: str
    """The partner's."""
    own: str
    """Our domain or chat node alias."""
    direction: str
    """``incoming`` or ``outgoing``."""
    address: str
    secure: bool


class ServerJson(TypedDict):
    """A server behind the edge."""

    name: str
    address: str
    """``address:port``; '' while it has none."""
    status: str
    """``active``, ``failed`` or ``checking``."""
    reason: str
    """Why it has failed; ''."""
    sessions: int
    """Requests under way, WebSockets among them."""
    total: int
    """Requests since the engine's last start or reload."""
    backup: bool
    """It serves only while the others have failed."""


class PoolJson(TypedDict):
    name: str
    names: list[str]
    """Public ones that lead to it."""
    servers: list[ServerJson]
    problem: str
    """Why there are none; ''."""


class ServiceJson(TypedDict):
    """What runs on somebody else's server, an engine."""

    name: str
    active: bool
    reason: str
    """Why it is not active; ''."""
    pending: bool
    """Something that was loaded is not in force yet."""
    restart: str
    """When changes that wait for a restart get it; ''."""
    restarts: int
    """Starts of engines that had died or hung."""
    processes: list[int]
    version: str
    """Of the engine."""
    streams: list[StreamJson]
    pools: list[PoolJson]
    allocations: int | None
    """Relayed addresses in use; None where it is no TURN server."""


class StatusJson(TypedDict):
    version: str
    system_name: str
    pid: int
    """Of the process that serves; its supervisor has another."""
    since: float
    """Of that process."""
    config: str
    """The path that it was started with."""
    revision: str
    in_force_since: float
    unconfirmed: UnconfirmedJson | None
    went_back: WentBackJson | None
    """The last time, until something else is loaded."""
    refused_load: RefusedLoadJson | None
    """The last one, until something is loaded."""
    doctor: list[DoctorFindingJson]
    """Of its last round."""
    ending: bool
    """It was told to end, and waits for open transactions."""
    listeners: list[ListenerJson]
    zones: list[ZoneJson]
    certificates: list[CertificateJson]
    transactions: dict[str, int]
    """``server`` and ``client`` -> open ones."""
    remembered: dict[str, int]
    """``verdicts`` that are kept, requests that ``asked`` for one, ``hits``: those that found it, and ``short``: those
    of them that went on without the core."""
    refused: list[RefusedJson]
    bans: list[BanJson]
    services: list[ServiceJson]
    """XMPP federation, web publishing, TURN."""
    decisions: int
    """The number of the last record of a decision; 0 where none are written."""
    dns: dict[str, int]
    """``asked`` and ``waiting`` -> questions; ``spared`` -> questions that were not asked again."""
    dropped: dict[str, int]
    """Output -> lines or records that it lost."""
    connections: list[ConnectionJson]
    """Empty in the end of the answer: they come as items."""


class DecisionJson(TypedDict):
    """An item of ``history``."""

    decision: dict[str, Any]
    """As in the file of decisions, without the trace of rules."""
    query: dict[str, Any] | None
    """Fields of dialplan.model.Query, for the search to be made again; None where no rule was asked."""
    revision: str
    """Of the plan that was searched; '' where none was."""


class LogLineJson(TypedDict):
    """An item of ``log``."""

    time: float
    level: str
    source: str
    """The part of the edge that says it."""
    text: str
    """A traceback has several lines."""


class PlanJson(TypedDict):
    """The texts come as items, ``[file, piece]``."""

    zones: list[str]
    """Names of zones, as the configuration spells them."""
    variables: dict[str, Any]
    """Fields of dialplan.model.Variables."""


class LoadedJson(TypedDict):
    config: str
    """The file that was read: that which the edge was started with."""
    revision: str
    replaced: str
    changes: ChangesJson
    costs: list[str]
    """What engines do about it, a sentence each."""
    confirm_within: float


class ConfirmedJson(TypedDict):
    revision: str


class RestartedJson(TypedDict):
    restarted: list[str]
    """Names of services and their processes."""


class ProbeResultJson(TypedDict):
    peer: str
    status: int
    """Of the answer to OPTIONS; 408 where none came, 503 where there was no connection."""
    reason: str
    milliseconds: float


class ProbedJson(TypedDict):
    zone: str
    results: list[ProbeResultJson]


class ClosedJson(TypedDict):
    connection: int
    peer: str
    zone: str
