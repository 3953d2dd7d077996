"""One call as the edge keeps it: a leg towards each party (RFC 3261 12), and what joins the two."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum

from .ringing.heard import Heard, translated
from .ringing.provisional import Ringing
from .states import DialogAction, DialogInput, DialogState, after

LARGEST = 8192
"""Characters of what one party writes: Call-ID, tag, Contact and Record-Route."""
MOST_FORKS = 32
"""Early legs of one INVITE."""


@dataclass(slots=True)
class Challenge:
    """What a party has asked for before it serves (RFC 3261 22), and how often it was answered."""

    values: tuple[str, ...]
    uses: int = 0


@dataclass(slots=True)
class Leg:
    """The edge's dialog with one party, whose user agent it is on this side."""

    zone: str
    side: str
    """The zone, or '' for all zones outside: their peers are the same strangers."""
    call_id: str
    tag: str
    """The edge's own."""
    remote_tag: str = ""
    """The party's; '' as long as it has not answered."""
    target: str = ""
    """The URI of the party's Contact."""
    routes: tuple[str, ...] = ()
    """Route values to the party, whole, in order."""
    sent: int = 0
    """The highest CSeq number of the edge's requests."""
    received: int = 0
    """That of the party's."""
    shift: int = 0
    """What is added to a CSeq number of the other party's on its way to this one."""
    invite: tuple[int, int] = (0, 0)
    """The CSeq number of the last INVITE to this party: as the other party wrote it, and as it was sent."""
    refer: tuple[int, int] = (0, 0)
    """The same of the last REFER."""
    interval: int = 0
    """Seconds of its session (RFC 4028); 0: none."""
    refreshes: bool = True
    """Whether the edge is who refreshes it."""
    updates: bool = True
    """Whether the party takes UPDATE, as far as is known."""
    least: int = 0
    """The shortest session it takes (Min-SE), where it has said so."""
    offer: str = ""
    """The last session description that it got, where a refresh might have to repeat it."""
    refresh_at: float = 0.0
    expires_at: float = 0.0
    """By the core's clock; 0: never. Neither these nor what follows is in the journal."""
    reliable: dict[int, int] = field(default_factory=dict)
    """The RSeq of the last reliable response that the edge has acknowledged, by the CSeq number of its INVITE."""
    early: bytes = b""
    """The answer that came in one, which a 2xx need not repeat."""
    challenges: dict[str, Challenge] = field(default_factory=dict)
    """By the header that answers them."""
    proofs: tuple[str, ...] = ()
    """Of its last INVITE: lines."""

    @property
    def is_too_large(self) -> bool:
        """Whether a party has written more into its dialog than the edge keeps."""
        texts = (self.call_id, self.remote_tag, self.target, *self.routes)
        return sum(map(len, texts)) > LARGEST

    def number(self, theirs: int, method: str) -> int:
        """The CSeq number that a request of the other party carries to this one. An ACK has its INVITE's."""
        if method == "ACK" and theirs == self.invite[0]:
            return self.invite[1]
        ours = theirs + self.shift
        self.sent = max(self.sent, ours)
        if method == "INVITE":
            self.invite = theirs, ours
        elif method == "REFER":
            self.refer = theirs, ours
        return ours

    def own_number(self, other: Leg) -> int:
        """For a request of the edge's own: what the other party sends later comes behind it."""
        self.sent += 1
        self.shift = self.sent - other.received
        return self.sent


class Stage(Enum):
    ASKING = "asking"
    OFFERING = "offering"
    OVER = "over"


@dataclass(slots=True, eq=False)
class Transfer:
    """One of them. ``call``: where it was asked for; ``other``: where the new party is."""

    call: Dialog
    referrer: Leg
    transferee: Leg
    other: Dialog
    replaces: bool
    """``other`` is another call of the referrer's; else it is a new one, which its INVITE begins."""
    event: str
    """The Event of its NOTIFYs (RFC 3515 2.4.6); '' where the referrer wants none (RFC 4488)."""
    stage: Stage = Stage.ASKING
    has_left: bool = False
    """Whether the referrer has hung up meanwhile."""
    target: Leg | None = None
    """The new party, once it has answered."""
    number: int = 0
    """The CSeq number of what it answered."""


@dataclass(slots=True, eq=False)
class Dialog:
    """A call. ``near`` is the caller's leg; ``far`` the callee's, of several early ones the last that was heard of."""

    near: Leg
    far: Leg
    caller: str
    """From and To of the INVITE, without a tag: what the edge's own requests carry."""
    callee: str
    state: DialogState = DialogState.CALLING
    patience: float = 0.0
    """Until when an ACK or the answer to a BYE is waited for, by the core's clock; 0: neither is."""
    deadline: float = 0.0
    """When something has to be done about it, by the same clock; 0: never."""
    forks: dict[str, Leg] = field(default_factory=dict)
    """Early legs towards the callee, by their remote tag."""
    visited: set[str] = field(default_factory=set)
    """URIs that its INVITE was redirected to."""
    ringing: Ringing | None = None
    """What the caller is told reliably, if it is."""
    heard: Heard = field(default_factory=Heard)
    """What it is to acknowledge to a callee."""
    transfer: Transfer | None = None
    """One that is under way, and that it has a part in."""
    is_pending: bool = False
    """Whether it is the new call of a transfer, whose caller talks to somebody else as yet."""
    is_left: bool = False
    """Whether one of its parties is in another call now, so that only the other one has still to hang up."""
    is_kept: bool = False
    """Whether the journal has heard of it."""

    def take(self, what: DialogInput) -> DialogAction:
        """Go to the next state; gives what is to be done now."""
        self.state, action = after(self.state, what)
        return action

    def other(self, leg: Leg) -> Leg:
        return self.far if leg is self.near else self.near

    def leg_of(self, tag: str) -> Leg | None:
        """The leg towards a callee, by its tag."""
        return self.far if self.far.remote_tag == tag else self.forks.get(tag)

    def way_of_prack(self, source: Leg, rack: str) -> Way:
        """Who gets a PRACK of one party, and with which RAck."""
        response = self.heard.of(rack) if source is self.near else None
        leg = self.leg_of(response.tag) if response is not None else None
        if leg is not None and response is not None:
            return Way(self, source, leg, rack=response.rack, is_awaited=True)
        other = self.far if source is self.near else self.near
        return Way(self, source, other, rack=translated(rack, other.invite))

    def address_of(self, leg: Leg) -> str:
        """The party's From or To, without a tag."""
        return self.caller if leg is self.near else self.callee

    @property
    def is_early(self) -> bool:
        return self.state in (DialogState.CALLING, DialogState.CANCELLED)

    @property
    def is_free(self) -> bool:
        """Whether both parties talk, and nothing is about to change that."""
        return self.state is DialogState.TALKING and self.transfer is None and not (self.is_pending or self.is_left)

    @property
    def is_confirmed(self) -> bool:
        return not (self.is_early or self.is_pending or self.is_left) and self.state is not DialogState.OVER

    def fork(self, tag: str, zone: str, side: str) -> Leg | None:
        """The early leg of a callee with that tag, which may be new; None where there are too many."""
        leg = self.forks.get(tag)
        if leg is None and len(self.forks) < MOST_FORKS:
            first = self.far
            leg = replace(first, zone=zone, side=side, remote_tag=tag, target="", routes=(), reliable={}, early=b"")
            self.forks[tag] = leg
        return leg


@dataclass(frozen=True, slots=True)
class Way:
    """From which leg to which one a request goes. ``target`` is None for the INVITE that begins a call."""

    dialog: Dialog
    source: Leg
    target: Leg | None
    number: int = 0
    """The CSeq number of a request that the edge itself begins; 0: a party's."""
    transfer: Transfer | None = None
    """Of which it is a step."""
    rack: str = ""
    """Of a PRACK: its RAck, as the target reads it."""
    is_awaited: bool = False
    """Whether the callee that it goes to waits for it."""
