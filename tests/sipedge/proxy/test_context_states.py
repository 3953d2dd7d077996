"""Every state of a response context with every input: the table itself, and each of its cells on a conversation."""

from __future__ import annotations

from itertools import product

import pytest
from support.messages import invite, request
from support.playbook import INSIDE, Call, Leg, Play, Playbook, answers, arrives, cancels, forwards, relays, responds
from support.settings import forking

from sipedge.proxy.response_context import CONTEXT_TABLE, ContextAction, ContextInput, ContextState


def test_every_cell_is_there() -> None:
    assert set(CONTEXT_TABLE) == set(product(ContextState, ContextInput))


def in_state(play: Play, state: ContextState) -> tuple[Playbook, Leg, Call]:
    """An INVITE with a ringing branch, in a state; where two targets are needed for it, the second one rings."""
    first, ringing, call = Leg(), Leg(), Call()
    if state in (ContextState.WAITING, ContextState.CANCELLED):
        book = play() >> arrives(invite(), call=call) << responds(100) << forwards(ringing)
        book >> answers(ringing, 180) << responds(180)
        if state is ContextState.CANCELLED:
            book >> arrives(request("CANCEL")) << responds(200) << cancels(ringing)
        return book, ringing, call
    book = play(forking()) >> arrives(invite(), call=call) << responds(100) << forwards(first) << forwards(ringing)
    book >> answers(ringing, 180, tag="second") << responds(180)
    if state is ContextState.ACCEPTED:
        book >> answers(first, 200, tag="first") << responds(200, to=call) << cancels(ringing)
    else:  # a final response goes upstream when no branch is open: what comes later is late
        book >> answers(first, 603, tag="first") << cancels(ringing) >> answers(ringing, 487, tag="second")
        book << responds(603, to=call)
    return book, ringing, call


@pytest.mark.parametrize(("state", "what"), CONTEXT_TABLE)
def test_each_cell_on_the_wire(play: Play, state: ContextState, what: ContextInput) -> None:
    book, leg, call = in_state(play, state)
    _, action = CONTEXT_TABLE[state, what]
    if what is ContextInput.CANCEL:
        over = state in (ContextState.ANSWERED, ContextState.ACCEPTED)  # nothing is left to cancel (9.2)
        book >> arrives(request("CANCEL")) << responds(481 if over else 200)
    else:
        book >> answers(leg, 200 if what is ContextInput.ACCEPT else 486, tag="second")
    if action is ContextAction.CANCEL_BRANCHES:
        book << cancels(leg)
    elif action is ContextAction.RESPOND:
        book << responds(200 if what is ContextInput.ACCEPT else 486, to=call)
    elif action is ContextAction.RELAY:
        book << relays(INSIDE)
    book.settle()
