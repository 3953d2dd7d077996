"""Whatever happens in whatever order: every request gets one final answer, and nothing is left of it.

A model of the stack stands beside the proxy core. It knows which transactions are open and breaks the test when a
command does not fit them.
"""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from support.examples import examples
from support.messages import SDP_IM, answer_to, request
from support.playbook import INSIDE, OUTSIDE, PEERS, START, Playbook
from support.settings import OUTSIDE_PEER, THIRD, ZONES, make_settings, with_zone
from support.settings import rule as search_rule

from sipedge.proxy.commands import Abandon, Cancel, Command, Drop, Forward, Relay, Resolve, Respond, Send, Withdraw
from sipedge.proxy.events import ConfigChanged, ForwardFailed, RequestReceived, Resolved, ResponseReceived
from sipedge.settings import Settings
from sipedge.sip.message import Message, parse_message
from zones.calls import CallPolicy, Prack, Refer
from zones.dns import AddressRecord, SrvRecord
from zones.zone import Credential, DnsZone, Topology

BOB = r".*@outside\.example"
STATUSES = st.sampled_from([100, 180, 183, 200, 202, 302, 401, 404, 407, 408, 480, 486, 500, 503, 600, 603])
METHODS = st.sampled_from(["INVITE", "INVITE", "INVITE", "MESSAGE", "SUBSCRIBE", "BENOTIFY", "ACK"])


IN_CALLS = st.sampled_from(["INFO", "BYE", "ACK", "INVITE", "UPDATE", "REFER", "PRACK", "NOTIFY"])

HIDDEN = [(), ("Inside",), ("Outside", "DNS"), ("Inside", "Outside", "Third", "DNS")]
ANSWERS = [
    (),
    ("Require: 100rel", "RSeq: 1"),
    ("Session-Expires: 200;refresher=uas", "Allow: INVITE"),
    ("Min-SE: 4000",),
    ('WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"',),
    ("Record-Route: <sip:p.outside.example;lr>", "Supported: timer"),
    ("Content-Type: application/sdp",),
]
"""What is in answers, by whatever reason."""
CALLS = CallPolicy(prack=Prack.HERE, follow_redirects=True, refer=Refer.HERE, username="edge")


def plan(last: str, hidden: tuple[str, ...] = (), topology: Topology = Topology.HIDDEN) -> Settings:
    """``hidden``: names of zones that are it, or b2bua."""
    rules = (
        search_rule("one", "Outside", BOB, priority="10", on_match="continue")
        + search_rule("two", "Third", BOB, priority="10", on_match="continue")
        + search_rule("dns", "DNS", BOB, priority="20", on_match="continue")
        + search_rule("three", "Inside", BOB, priority="30", on_match=last)
    )
    zones = (*with_zone(ZONES, "Outside", peers=(OUTSIDE_PEER, "198.51.100.21")), THIRD, DnsZone(name="DNS"))
    for name in hidden:
        zones = with_zone(zones, name, topology=topology, b2bua=CALLS if topology is Topology.B2BUA else CallPolicy())
    return make_settings(rules, zones, credentials=(Credential("edge", "password"),), journal="journal")


class Conversation(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.book = Playbook(plan("stop"))
        self.take(self.book.drain())
        self.count = 0
        self.requests: dict[int, Message] = {}
        self.servers: set[int] = set()
        """Server transactions without a final answer."""
        self.accepted: set[int] = set()
        self.branches: dict[str, Message] = {}
        self.closed: dict[str, Message] = {}
        self.rang: set[str] = set()
        self.queries: list[Resolve] = []

    def give(self, event: object) -> None:
        self.book >> event  # type: ignore[operator]
        self.take(self.book.drain())

    def take(self, commands: list[Command]) -> None:
        handlers: dict[type, Callable[..., None]] = {
            Respond: self.respond,
            Drop: lambda command: self.servers.remove(command.transaction),
            Forward: self.forward,
            Cancel: self.cancelled,
            Withdraw: lambda command: None,
            Abandon: lambda command: self.close(command.branch),
            Relay: lambda command: None,
            Send: lambda command: None,
            Resolve: lambda command: self.queries.append(command),
        }
        for command in commands:
            handlers[type(command)](command)

    def respond(self, command: Respond) -> None:
        assert command.transaction in self.servers, "answered twice"
        sent, answer = self.requests.get(command.transaction), parse_message(command.data)
        assert sent is None or (answer.items("via"), answer.call_id) == (sent.items("via"), sent.call_id)
        if command.status >= 200:
            self.servers.remove(command.transaction)

    def forward(self, command: Forward) -> None:
        assert command.branch not in self.branches and command.branch not in self.closed
        self.branches[command.branch] = Message(command.head, command.body)

    def cancelled(self, command: Cancel) -> None:
        assert command.branch in self.branches and command.branch in self.rang

    def close(self, branch: str) -> None:
        self.closed[branch] = self.branches.pop(branch)

    # ------------------------------------------------------------------------------------------------- what may happen

    @rule(method=METHODS)
    def a_request_arrives(self, method: str) -> None:
        self.count += 1
        via = f"SIP/2.0/TLS 192.0.2.10;branch=z9hG4bKcaller{self.count}"
        contact = ("Contact: <sip:alice@192.0.2.10;transport=tls>", "Supported: timer, 100rel")
        message = request(method, via=via, call_id=f"call-{self.count}", extra=contact, body=SDP_IM)
        transaction = 0 if method in ("ACK", "BENOTIFY") else self.book.next_transaction()
        if transaction:
            self.requests[transaction] = message
            self.servers.add(transaction)
        self.give(RequestReceived(transaction, INSIDE, message, START))

    @precondition(lambda self: len(self.book.proxy.dialogs))
    @rule(data=st.data(), method=IN_CALLS, by_callee=st.booleans(), body=st.sampled_from([b"", SDP_IM]))
    def a_party_of_a_call_speaks(self, data: st.DataObject, method: str, by_callee: bool, body: bytes) -> None:
        calls = sorted(self.book.proxy.dialogs, key=lambda call: call.near.tag)
        call = data.draw(st.sampled_from(calls))
        leg = call.far if by_callee else call.near
        self.count += 1
        connection = INSIDE if leg.zone == "Inside" else OUTSIDE
        message = request(
            method,
            f"sip:b-{leg.tag}@edge.inside.example:5061",
            via=f"SIP/2.0/TLS {PEERS[connection]};branch=z9hG4bKparty{self.count}",
            from_=f"<sip:p@outside.example>;tag={leg.remote_tag}",
            to=f"<sip:q@inside.example>;tag={leg.tag}",
            call_id=leg.call_id,
            cseq=f"{max(leg.received, 1) + (method != 'ACK')} {method}",
            extra=("Contact: <sip:p@192.0.2.77>", "Refer-To: <sip:c@outside.example>", "Session-Expires: 300"),
            body=body,
        )
        transaction = 0 if method == "ACK" else self.book.next_transaction()
        if transaction:
            self.requests[transaction] = message
            self.servers.add(transaction)
        self.give(RequestReceived(transaction, connection, message, START))

    @precondition(lambda self: self.requests)
    @rule(data=st.data())
    def a_request_is_cancelled(self, data: st.DataObject) -> None:
        message = self.requests[data.draw(st.sampled_from(sorted(self.requests)))]
        via = message.first("via") or ""
        transaction = self.book.next_transaction()
        self.servers.add(transaction)
        cancel = request("CANCEL", via=via, call_id=message.call_id)
        self.give(RequestReceived(transaction, INSIDE, cancel, START))
        assert transaction not in self.servers

    @precondition(lambda self: self.branches)
    @rule(data=st.data(), status=STATUSES, extra=st.sampled_from(ANSWERS), tag=st.sampled_from(["bob-tag", "other"]))
    def a_response_arrives(self, data: st.DataObject, status: int, extra: tuple[str, ...], tag: str) -> None:
        branch = data.draw(st.sampled_from(sorted(self.branches)))
        sent = self.branches[branch]
        if status < 200:
            self.rang.add(branch)
        else:
            self.close(branch)
        contact, body = "<sip:bob@outside.example;gr>", SDP_IM if extra and "sdp" in extra[0] else b""
        self.give(
            ResponseReceived(branch, OUTSIDE, answer_to(sent, status, tag=tag, contact=contact, extra=extra, body=body))
        )

    @precondition(lambda self: self.closed)
    @rule(data=st.data(), status=STATUSES)
    def a_response_comes_late(self, data: st.DataObject, status: int) -> None:
        branch = data.draw(st.sampled_from(sorted(self.closed)))
        self.give(ResponseReceived(branch, OUTSIDE, answer_to(self.closed[branch], status), stray=True))

    @precondition(lambda self: self.branches)
    @rule(data=st.data(), status=st.sampled_from([408, 503]))
    def a_hop_fails(self, data: st.DataObject, status: int) -> None:
        branch = data.draw(st.sampled_from(sorted(self.branches)))
        self.close(branch)
        self.give(ForwardFailed(branch, status, "why"))

    @precondition(lambda self: self.queries)
    @rule(found=st.booleans(), position=st.integers(0, 100))
    def the_dns_answers(self, found: bool, position: int) -> None:
        query = self.queries.pop(position % len(self.queries))
        record = SrvRecord(0, 0, 5061, "sip.outside.example") if query.kind == "SRV" else AddressRecord("198.51.100.40")
        known = found and query.kind in ("SRV", "A")
        self.give(Resolved(query.query, (record,) if known else (), "" if known else "nxdomain", 30.0))

    @rule(seconds=st.sampled_from([0.5, 5.0, 33.0, 182.0]))
    def time_passes(self, seconds: float) -> None:
        self.book.pass_time(seconds)
        self.take(self.book.drain())

    @rule(
        last=st.sampled_from(["stop", "continue"]),
        hidden=st.sampled_from(HIDDEN),
        topology=st.sampled_from([Topology.HIDDEN, Topology.B2BUA]),
    )
    def the_configuration_changes(self, last: str, hidden: tuple[str, ...], topology: Topology) -> None:
        self.give(ConfigChanged(plan(last, hidden, topology)))
        self.book.pass_time(0.0)
        self.take(self.book.drain())

    @invariant()
    def nothing_went_wrong(self) -> None:
        assert not [log for log in self.book.log if log.level == "error"]

    def teardown(self) -> None:
        """Everybody falls silent: then every request is answered and everything is forgotten."""
        for _ in range(12):  # refreshes of sessions, and what their silence leads to
            while self.queries or self.branches:
                while self.queries:
                    self.the_dns_answers(False, 0)
                for branch in sorted(self.branches):
                    if branch in self.branches:
                        self.close(branch)
                        self.give(ForwardFailed(branch, 408, "silence"))
            self.time_passes(1000.0)
        assert not [call for call in self.book.proxy.dialogs if call.deadline]
        assert not self.servers and not self.branches
        assert not any(self.book.proxy.kept().values())
        assert self.book.proxy.is_quiet()


Conversation.TestCase.settings = examples(50, stateful_step_count=30)
TestAnyConversation = Conversation.TestCase
