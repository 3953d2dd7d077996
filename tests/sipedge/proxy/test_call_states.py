"""Every state of a call with every input: the table itself, and its cells on conversations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product

import pytest
from support.b2bua import Conversation, b2bua, called
from support.playbook import Call, Captured, Leg, Play, answers_with, arrives, cancels, forwards, responds

from sipedge.dialogs.dialog import Dialog
from sipedge.dialogs.states import DIALOG_TABLE, DialogAction, DialogInput, DialogState, after
from sipedge.proxy.commands import Cancel, Command, Forward, Relay, Respond, Send
from sipedge.sip.message import parse_message

_S, _I, _A = DialogState, DialogInput, DialogAction


def test_every_cell_is_there() -> None:
    assert set(DIALOG_TABLE) == set(product(set(DialogState) - {_S.OVER}, DialogInput))


@pytest.mark.parametrize("what", DialogInput)
def test_to_a_call_that_is_over_nothing_happens(what: DialogInput) -> None:
    assert after(_S.OVER, what) == (_S.OVER, _A.NOTHING)


@dataclass
class Scene:
    """A call in a state."""

    call: Conversation
    dialog: Dialog
    other: Leg = field(default_factory=Leg)
    """A request within the call that has gone to the callee, if its state needs one."""
    their: Call = field(default_factory=Call)

    def begin(self, method: str) -> None:
        """The caller sends a request within the call; it goes on to the callee."""
        book, call = self.call.book, self.call
        book >> arrives(call.caller.request(method), call.caller.connection, self.their)
        book << forwards(self.other, "Outside", method=method)

    def answer(self, status: int) -> None:
        answer = self.call.callee.answer(self.other.message, status)
        self.call.book >> answers_with(self.other, answer)

    def invited(self, status: int, tag: str = "") -> None:
        """The callee answers the INVITE."""
        answer = self.call.callee.answer(self.call.leg.message, status, tag=tag)
        self.call.book >> answers_with(self.call.leg, answer)


def in_state(play: Play, state: DialogState) -> Scene:
    """A call from Inside, a b2bua zone, to Outside. Where it is early, bob's telephone rings."""
    book, told = play(b2bua()), Captured()
    call = called(book)
    [dialog] = book.proxy.dialogs
    scene = Scene(call, dialog)
    if state in (_S.CALLING, _S.CANCELLED):
        scene.invited(180)
        book << responds(180, to=call.call, told=told)
        call.caller.learn(told.message)
        if state is _S.CANCELLED:
            cancel(scene)
            book << responds(200) << cancels(call.leg)
        return scene
    call.answered()
    if state is not _S.ANSWERED:
        call.acknowledged()
    if state is _S.ENDING:
        scene.begin("BYE")
    return scene


def cancel(scene: Scene) -> None:
    invite, book = scene.call.call.message, scene.call.book
    lines = [line for line in invite.lines[1:] if line.lower().startswith((b"via", b"from", b"to", b"call-id", b"max"))]
    head = b"\r\n".join([b"CANCEL " + invite.uri.encode() + b" SIP/2.0", *lines, b"CSeq: 1 CANCEL", b"", b""])
    book >> arrives(parse_message(head), scene.call.caller.connection)


def ack(scene: Scene) -> None:
    scene.call.book >> arrives(scene.call.caller.request("ACK", number=1), scene.call.caller.connection)


def info(scene: Scene) -> None:
    scene.call.book >> arrives(scene.call.caller.request("INFO"), scene.call.caller.connection)


def bye(scene: Scene) -> None:
    party = scene.call.caller if scene.dialog.is_early else scene.call.callee
    scene.call.book >> arrives(party.request("BYE"), party.connection)


def answered_bye(status: int) -> Callable[[Scene], None]:
    def answered(scene: Scene) -> None:
        if scene.dialog.state is not _S.ENDING:
            scene.begin("BYE")
        scene.answer(status)

    return answered


def gone(scene: Scene) -> None:
    if scene.dialog.state is _S.ENDING:  # its BYE is not what it dies of
        scene.other = Leg()
    scene.begin("INFO")
    scene.answer(481)


def time_passes(scene: Scene) -> None:
    scene.call.book.pass_time(41)


INPUTS: dict[DialogInput, Callable[[Scene], None]] = {
    _I.CANCEL: cancel,
    _I.ACCEPT: lambda scene: scene.invited(200),
    _I.SURPLUS: lambda scene: scene.invited(200, "other"),
    _I.REFUSE: lambda scene: scene.invited(486),
    _I.ACK: ack,
    _I.REQUEST: info,
    _I.BYE: bye,
    _I.BYE_DONE: answered_bye(200),
    _I.BYE_STOPPED: answered_bye(401),
    _I.GONE: gone,
    _I.EXPIRE: time_passes,
}
NOT_BY_MESSAGES = {
    *((state, _I.REFUSE) for state in (_S.ANSWERED, _S.TALKING, _S.ENDING)),  # a branch has one final response
    *((state, _I.SURPLUS) for state in (_S.CALLING, _S.CANCELLED)),  # it would be the first 2xx
    *((state, what) for state in (_S.ANSWERED, _S.TALKING) for what in (_I.BYE_DONE, _I.BYE_STOPPED)),  # ENDING by then
    *((state, _I.EXPIRE) for state in (_S.CALLING, _S.CANCELLED)),  # Timer C ends them
    (_S.TALKING, _I.EXPIRE),  # see test_timing
}
SAID: dict[tuple[DialogInput, DialogAction], list[str]] = {
    (_I.CANCEL, _A.PASS): ["< 200", "> CANCEL"],
    (_I.CANCEL, _A.NOTHING): ["< 481"],
    (_I.ACCEPT, _A.KEEP): ["< 200"],
    (_I.ACCEPT, _A.PASS): ["< 200"],
    (_I.SURPLUS, _A.END_FORK): ["> ACK", "> BYE"],
    (_I.REFUSE, _A.FORGET): ["< 486"],
    (_I.ACK, _A.REFUSE): [],
    (_I.ACK, _A.PASS): ["> ACK"],
    (_I.REQUEST, _A.PASS): ["> INFO"],
    (_I.BYE, _A.PASS): ["> BYE"],
    (_I.BYE_DONE, _A.NOTHING): ["< 200"],
    (_I.BYE_DONE, _A.FORGET): ["< 200"],
    (_I.BYE_STOPPED, _A.NOTHING): ["< 401"],
    (_I.GONE, _A.NOTHING): ["< 481"],
    (_I.GONE, _A.END_BOTH): ["< 481", "> BYE", "> BYE"],
    (_I.EXPIRE, _A.END_BOTH): ["> BYE", "> BYE"],
    (_I.EXPIRE, _A.FORGET): [],
}


@pytest.mark.parametrize(("state", "what"), sorted(set(DIALOG_TABLE) - NOT_BY_MESSAGES, key=str), ids=str)
def test_a_cell_on_a_conversation(play: Play, state: DialogState, what: DialogInput) -> None:
    scene = in_state(play, state)
    assert scene.dialog.state is state
    INPUTS[what](scene)
    new, action = DIALOG_TABLE[state, what]
    assert scene.dialog.state is new
    repeated = state is _S.CANCELLED and what is _I.CANCEL
    expected = ["< 200"] if repeated else SAID[what, action]  # its transaction is still open
    assert [word for word in map(said, scene.call.book.drain()) if word != "< 100"] == expected
    assert len(scene.call.book.proxy.dialogs) == (new is not _S.OVER)


def said(command: Command) -> str:
    """``<``: an answer; ``>``: a request to one of the parties."""
    match command:
        case Respond() | Relay():
            return f"< {parse_message(command.data).status}"
        case Forward():
            return f"> {parse_message(command.head).method}"
        case Send() | Cancel():
            return f"> {parse_message(command.data).method}"
    return repr(command)
