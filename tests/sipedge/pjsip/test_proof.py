"""The start-up proof notices a pjsip that is laid out otherwise; each case is a process, pjsip is there once."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from support.paths import ROOT

START = """
from sipedge.pjsip import declarations
old, new = {old!r}, {new!r}
assert declarations.DECLARATIONS.count(old) == 1
declarations.DECLARATIONS = declarations.DECLARATIONS.replace(old, new)
from sipedge.pjsip.stack import Stack
for _ in range(2):
    try:
        Stack(
            emit=print,
            send=print,
            may_answer=lambda branch, connection: False,
            max_message=9999,
            max_transactions=9,
            max_transactions_per_connection=9,
        )
    except declarations.StackError as error:
        print(error)
"""


def start(old: str, new: str) -> list[str]:
    """What two attempts to start say when one declaration is another one."""
    result = subprocess.run(
        [sys.executable, "-c", START.format(old=old, new=new)],
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("struct { unsigned max_count, t1", "struct { unsigned max_count, x, t1", "pjsip_cfg_t.tsx"),
        ("int ttl_param; int rport_param", "int rport_param; int ttl_param", "Via rport"),
        ("pj_str_t maddr_param, recvd_param, branch_param", "pj_str_t branch_param, recvd_param, x", "Via branch"),
        ("char packet[4000]", "char packet[65536]", "pjsip_rx_data"),
        ("int role; pjsip_method method; int cseq", "int x[2]; pjsip_method method; int role", "pjsip_transaction"),
        ("int state; int handle_200resp", "int handle_200resp; int state", "state"),
        ("int pjsip_tsx_create_uas(", "int pjsip_tsx_create_uas_of_another_version(", "cannot be used"),
    ],
)
def test_another_layout_is_refused_in_one_sentence(old: str, new: str, named: str) -> None:
    lines = start(old, new)
    assert len(lines) == 2
    assert named in lines[0] and lines[0] == lines[1]
