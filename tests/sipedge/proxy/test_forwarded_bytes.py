"""What is forwarded is what was received, with exactly the edits of RFC 3261 16.6; of a response the top Via goes.

The expected bytes are computed here from the received ones, line by line and without the code under test.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.messages import request
from support.paths import DATA, messages_in
from support.playbook import INSIDE, Leg, Playbook, answers_with, arrives, forwards, responds
from support.settings import EDGE, INSIDE_PEER, make_settings, rule
from support.third_party import require_shared

from dialplan.model import Traffic
from sipedge.decision.classification import classify
from sipedge.decision.record_route import TOKEN_LENGTH
from sipedge.proxy.commands import Forward, Respond, Send
from sipedge.sip.message import Message, parse_message
from sipedge.sip.values import MessageError

SETTINGS = make_settings(rule("any", "Outside") + rule("ip", "Outside", mode="any ip address"))
OWN_VIA = re.compile(rf"Via: SIP/2.0/TLS {re.escape(EDGE)}:5061;branch=z9hG4bK[0-9a-z.]+".encode())
OWN_TOKEN = rf"e-[\w-]{{{TOKEN_LENGTH - 2}}}"
OWN_RECORD_ROUTE = re.compile(rf"Record-Route: <sip:{OWN_TOKEN}@{re.escape(EDGE)}:5061;transport=tls;lr>".encode())
MALFORMED = {"badinv01", "insuf", "mcl01", "multi01", "ncl", "quotbal"}
"""pjsip keeps these from the core: test_torture.py."""
REFUSED = {"bext01", "escruri", "ipv6-bad", "ltgtruri", "mismatch01", "mismatch02", "novelsc", "scalar02", "unkscm"}
REFUSED |= {"zeromf", "31_NEGOTIATE_compression"}
OWN_ROUTE = f"<sip:{EDGE}:5061;lr>"

# The edits, written a second time.


def lines_of(head: bytes) -> list[bytes]:
    """The header lines with their continuation lines."""
    lines: list[bytes] = []
    for line in head.removesuffix(b"\r\n\r\n").split(b"\r\n"):
        if line[:1] in (b" ", b"\t"):
            lines[-1] += b"\r\n" + line
        else:
            lines.append(line)
    return lines


def name_of(line: bytes) -> bytes:
    name = line.partition(b":")[0].strip().lower()
    return {b"v": b"via", b"f": b"from"}.get(name, name)


def places(lines: list[bytes], name: bytes) -> list[int]:
    return [number for number, line in enumerate(lines) if number and name_of(line) == name]


def is_microsoft(head: bytes) -> bool:
    return classify(Message(head)).traffic is not Traffic.STANDARD


IDENTITIES = (b"p-asserted-identity", b"remote-party-id", b"diversion", b"ms-asserted-verification-level")
"""Those of them that stand in the files."""


def expected(received: bytes, sent: list[bytes]) -> list[bytes]:
    """What the edge must send for a request; its own Via and Record-Route are taken from what it sent."""
    lines = lines_of(received)
    method = lines[0].partition(b" ")[0]
    via = places(lines, b"via")[0]
    sender = next(line for line in lines if name_of(line) == b"from")
    begins = method in (b"INVITE", b"REFER") or (method in (b"SUBSCRIBE", b"NOTIFY") and not is_microsoft(received))
    dialog = begins and re.search(rb";\s*tag\s*=", sender.rpartition(b">")[2], re.IGNORECASE)
    insertions = {via: [next(line for line in sent if OWN_VIA.fullmatch(line))]}
    if not places(lines, b"max-forwards"):
        insertions[via].insert(0, b"Max-Forwards: 15")
    if dialog:
        at = (places(lines, b"record-route") or [places(lines, b"via")[-1] + 1])[0]
        insertions.setdefault(at, []).extend(line for line in sent if OWN_RECORD_ROUTE.fullmatch(line))
        assert len(insertions[at]) >= 2
    result: list[bytes] = []
    first_route = True
    for number, line in enumerate(lines):
        result += insertions.get(number, [])
        name = name_of(line) if number else b""
        if number == via:
            line = stamped(line)
        elif name == b"max-forwards":
            prefix, _, value = line.partition(b":")
            line = prefix + b": %d" % min(int(value) - 1, 15)
        elif name in IDENTITIES:  # the default policy trusts nobody
            continue
        elif name == b"route":
            kept = without_own_route(line) if first_route else line
            first_route = first_route and not kept
            if not kept:
                continue
            line = kept
        result.append(line)
    return to_strict_router(result + insertions.get(len(lines), []))


def to_strict_router(lines: list[bytes]) -> list[bytes]:
    """16.6 step 6: the first Route without lr becomes the Request-URI, which goes to the end."""
    routes = places(lines, b"route")
    if not routes:
        return lines
    name, _, value = lines[routes[0]].partition(b":")
    first, comma, rest = value.partition(b",")
    uri = first.partition(b"<")[2].partition(b">")[0]
    if re.search(rb"(?i);lr(=|;|$)", uri):
        return lines
    method, old, version = lines[0].split(b" ")
    changed = [b" ".join((method, uri, version)), *lines[1:]]
    changed.insert(routes[-1] + 1, b"Route: <" + old + b">")
    left = name + b":" + (rest if rest[:1] in (b" ", b"\t") else b" " + rest)
    changed[routes[0] : routes[0] + 1] = [left] if comma else []
    return changed


def stamped(line: bytes) -> bytes:
    top, comma, rest = line.partition(b",")
    value = top.rstrip()
    parameters = [part.strip().lower() for part in value.split(b";")[1:]]
    asks = [part for part in parameters if part.partition(b"=")[0].strip() == b"rport" and not part.partition(b"=")[2]]
    received = [part for part in parameters if part.partition(b"=")[0].strip() == b"received"]
    sent_by = re.split(rb"\s+", value.partition(b":")[2].partition(b";")[0].rpartition(b"/")[2].strip(), maxsplit=1)[1]
    own = INSIDE_PEER.encode()
    said = received[0].partition(b"=")[2].strip() if received else sent_by.partition(b":")[0].strip()
    if not asks and said == own:
        return line
    if asks:
        value = re.sub(rb"(?i)(;\s*rport)(\s*=)?", rb"\1=40001", value, count=1)
    if received:
        value = re.sub(rb"(?i)(;\s*received)\s*=[^;]*", rb"\1=" + own, value, count=1)
    else:
        value += b";received=" + own
    return value + comma + rest


def without_own_route(line: bytes) -> bytes:
    """The line without this edge's values at its front; empty when nothing is left."""
    name, _, value = line.partition(b":")
    items = value.split(b",")
    if items[0].strip() != OWN_ROUTE.encode():
        return line
    while items and items[0].strip() == OWN_ROUTE.encode():
        del items[0]
    rest = b",".join(items)
    return name + b":" + (rest if rest[:1] in (b" ", b"\t") else b" " + rest) if items else b""


def forwarded(message: Message) -> tuple[bytes, bytes] | None:
    """Head and body that the edge sends; None when it refuses."""
    book = Playbook(SETTINGS)
    book >> arrives(message, INSIDE)
    for command in book.drain():
        if isinstance(command, Forward):
            return command.head, command.body
        if isinstance(command, Send):
            sent = parse_message(command.data)
            return sent.head, sent.body
    return None


def check(message: Message) -> bool:
    sent = forwarded(message)
    if sent is None:
        return False
    head, body = sent
    assert head.endswith(b"\r\n\r\n")
    assert lines_of(head) == expected(message.head, lines_of(head))
    assert body == message.body
    return True


# Messages of others' making, and our own in their manner.


@pytest.fixture(params=["our own", "published"])
def messages(request: pytest.FixtureRequest) -> dict[str, Message]:
    folder = DATA if request.param == "our own" else require_shared("samples")
    found = {}
    for path in messages_in(folder):
        if path.stem not in MALFORMED:
            try:
                found[path.stem] = parse_message(path.read_bytes())
            except MessageError:
                continue
    return found


def test_requests_of_files(messages: dict[str, Message]) -> None:
    requests = {name: message for name, message in messages.items() if message.is_request}
    refused = {name for name, message in requests.items() if not check(message)}
    assert refused == REFUSED
    assert len(requests) - len(refused) > 50


def test_responses_of_files(messages: dict[str, Message]) -> None:
    """With the edge's Via on top of what is in the file, alone in a line or in front of a comma."""
    count = 0
    for message in messages.values():
        if message.is_request or message.status in (100, 401, 407, 408, 503) or "via" not in message.index:
            continue
        name, colon, value = message.lines[message.index["via"][0]].partition(b":")
        for joint in (b"\r\n" + name + colon, b","):
            book, leg = Playbook(SETTINGS), Leg()
            book >> arrives(request("INVITE")) << responds(100) << forwards(leg)
            own = leg.message.lines[leg.message.index["via"][0]].partition(b":")[2]
            before, line, after = message.head.partition(b"\r\n" + name + colon + value)
            head = before + b"\r\n" + name + colon + own + joint + value + after
            book >> answers_with(leg, Message(head, message.body))
            (command,) = book.drain()
            assert isinstance(command, Respond)
            blank = b"" if value[:1] in (b" ", b"\t") or joint != b"," else b" "
            line = line.replace(name + colon, name + colon + blank, 1)
            lines = lines_of(before + line + after)
            kept = [one for one in lines if name_of(one) not in IDENTITIES]
            assert command.data == b"\r\n".join(kept) + b"\r\n\r\n" + message.body
            count += 1
    assert count > 40


# Generated messages.

BLANKS = st.sampled_from([b"", b" ", b"  ", b"\t", b"\r\n ", b"\r\n\t "])
TOKENS = st.text("abcdefghijklmnopqrstuvwxyz0123456789-.!%*_+`'~", min_size=1, max_size=12).map(str.encode)
TEXTS = st.binary(max_size=30).map(lambda data: bytes(byte for byte in data if byte >= 0x20 and byte != 0x7F))


@st.composite
def names(draw: st.DrawFn, name: bytes, compact: bytes = b"") -> bytes:
    """A header name in any case, or compact, with blanks before the colon."""
    base = draw(st.sampled_from([name, compact])) if compact else name
    cased = bytes(draw(st.sampled_from([byte, byte ^ 0x20])) if chr(byte).isalpha() else byte for byte in base)
    return cased + draw(st.sampled_from([b"", b" ", b"\t"])) + b":"


@st.composite
def vias(draw: st.DrawFn) -> list[bytes]:
    """One to three Via lines with one to three values each."""
    host = st.sampled_from([b"192.0.2.10", b"192.0.2.10:5061", b"a.example.com", b"[2001:db8::1]:5061"])
    extra = st.sampled_from(
        [b"", b";rport", b";received=192.0.2.10", b";ms-received-port=1", b";branched=FALSE", b"; rport ;x"]
    )
    value = st.builds(lambda h, b, e: b"SIP/2.0/TLS " + h + b";branch=" + b + e, host, TOKENS, extra)
    lines = draw(st.lists(st.lists(value, min_size=1, max_size=3), min_size=1, max_size=3))
    return [
        draw(names(b"Via", b"v")) + draw(BLANKS) + draw(st.sampled_from([b",", b" , ", b",\r\n "])).join(one)
        for one in lines
    ]


@st.composite
def requests(draw: st.DrawFn) -> Message:
    method = draw(
        st.sampled_from([b"INVITE", b"MESSAGE", b"SUBSCRIBE", b"NOTIFY", b"BENOTIFY", b"REFER", b"ACK"]) | TOKENS
    )
    if method.upper() in (b"CANCEL", b"NEGOTIATE"):
        method = b"INFO"
    tag = draw(st.sampled_from([b"", b";tag=a", b" ; TAG = a", b";epid=x;tag=a"]))
    body = draw(st.binary(max_size=40))
    groups = [
        draw(vias()),
        [draw(names(b"From", b"f")) + draw(BLANKS) + b'"A, B" <sip:alice@inside.example>' + tag],
        [draw(names(b"To", b"t")) + draw(BLANKS) + b"<sip:bob@outside.example>"],
        [draw(names(b"Call-ID", b"i")) + draw(BLANKS) + draw(TOKENS)],
        [draw(names(b"CSeq")) + draw(BLANKS) + b"7" + draw(st.sampled_from([b" ", b"\t", b"\r\n "])) + method],
        [draw(names(b"Content-Length", b"l")) + b" %d" % len(body)],
    ]
    if draw(st.booleans()):
        groups.append([draw(names(b"Max-Forwards")) + b" %d" % draw(st.integers(1, 255))])
    far = draw(st.lists(st.sampled_from([b"<sip:far.example;lr;x=\xff>;y=z", b"<sip:strict.example>;y=z"]), max_size=2))
    routes = [OWN_ROUTE.encode()] * draw(st.integers(0, 2)) + far
    if routes:
        cut = draw(st.integers(0, len(routes)))
        joint = draw(st.sampled_from([b",", b", ", b"\t,  "]))
        groups.append(
            [draw(names(b"Route")) + b" " + joint.join(part) for part in (routes[:cut], routes[cut:]) if part]
        )
    groups += [[draw(names(b"Record-Route")) + b" <sip:x;lr>, <sip:y;lr>"]] * draw(st.integers(0, 1))
    groups += [[draw(names(b"P-Asserted-Identity")) + b" <sip:a@b>"]] * draw(st.integers(0, 2))
    for _ in range(draw(st.integers(0, 3))):
        groups.append([draw(names(b"X-" + draw(TOKENS))) + draw(BLANKS) + draw(TEXTS)])
    lines = [line for group in draw(st.permutations(groups)) for line in group]
    head = b"\r\n".join((method + b" sip:bob@outside.example;gruu;opaque=x SIP/2.0", *lines)) + b"\r\n\r\n"
    return Message(head, body)


@pytest.mark.slow
@examples(60)
@given(requests())
def test_generated_requests(message: Message) -> None:
    assert check(message)
