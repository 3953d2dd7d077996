from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.messages import answer_to, request
from support.paths import DATA
from support.tapped import decided, lines_of
from support.third_party import require_shared
from support.traces import PLAN, record, write_config, write_trace

from sipedge.anonymise.trace import Anonymiser
from sipedge.cli import main

MESSAGE = request(
    uri="sip:0049151@outside.example",
    from_='"Alice Liddell" <sip:alice.liddell@inside.example>;tag=a1b2c3d4e5',
    extra=("Content-Type: text/plain",),
    body="Dear Mr Dodgson, see you at noon – Alice".encode(),
)
SECRET = (b"alice", b"liddell", b"0049151", b"151@", b"dodgson", b"noon", b"a1b2c3d4e5")


@pytest.fixture
def trace(tmp_path: Path) -> str:
    messages = (MESSAGE, answer_to(MESSAGE, 404))
    return write_trace(tmp_path / "trace.jsonl", [record(one) for one in messages])


def anonymise(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["anonymise", *arguments])


def listed(trace: str) -> list[dict[str, object]]:
    lines = CliRunner().invoke(main, ["messages", trace, "--json"]).stdout.splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("name", ["out.jsonl", "out.pcap"])
def test_names_are_gone_and_the_rules_are_the_same(trace: str, tmp_path: Path, name: str) -> None:
    out = tmp_path / name
    # With a key, since one in a thousand drawn anew makes 151 of 151.
    result = anonymise(trace, "-o", str(out), "--config", write_config(tmp_path), "--key", "test")
    assert result.exit_code == 0, result.output
    assert result.stdout == "1 request replayed before and after: the same rules decide\n"
    written = out.read_bytes().lower()
    assert not [word for word in SECRET if word in written]
    before, after = listed(trace), listed(str(out))
    assert [one["length"] for one in before] == [one["length"] for one in after]
    assert after[0]["start_line"] != before[0]["start_line"]


def test_a_key_makes_the_same_pseudonyms_again(trace: str, tmp_path: Path) -> None:
    texts = []
    for name, key in (("a", "k"), ("b", "k"), ("c", "other")):
        anonymise(trace, "-o", str(tmp_path / name), "--key", key)
        texts.append((tmp_path / name).read_bytes())
    assert texts[0] == texts[1] != texts[2]


def test_without_a_configuration_nothing_is_proved(trace: str, tmp_path: Path) -> None:
    result = anonymise(trace, "-o", str(tmp_path / "out"))
    assert (result.exit_code, result.stdout) == (0, "") and "2 messages" in result.stderr


def test_errors(trace: str, tmp_path: Path) -> None:
    assert "name another file" in anonymise(trace, "-o", trace).stderr
    assert anonymise(trace, "-o", str(tmp_path / "no" / "out")).exit_code == 2
    (tmp_path / "noise").write_bytes(bytes(9))
    assert anonymise(str(tmp_path / "noise"), "-o", str(tmp_path / "out")).exit_code == 2
    (tmp_path / "bad.toml").write_text("nonsense")
    assert anonymise(trace, "-o", str(tmp_path / "out"), "--config", str(tmp_path / "bad.toml")).exit_code == 2


SUFFIXES = (".pcap", ".txt", ".log", ".UccApiLog", ".sip")
OUR_FOLDERS = ["pcap", "snooper", "uccapilog", "expressway", "cucm", "reconstructed", "microsoft"]
THEIR_FOLDERS = ["pcap", "snooper", "expressway", "cucm", "ms-sip"]


@pytest.mark.slow
@pytest.mark.parametrize("folder", OUR_FOLDERS)
def test_our_files_keep_their_decisions(tmp_path: Path, folder: str) -> None:
    traces = sorted(path for path in (DATA / folder).iterdir() if path.name.endswith(SUFFIXES))
    text = anonymised(tmp_path, traces)
    assert not [name for name in (b"juliet", b"capulet", b"romeo", b"mara@", b"otto@", b"sip:71@") if name in text]


@pytest.mark.slow
@pytest.mark.parametrize("folder", THEIR_FOLDERS)
def test_published_files_keep_their_decisions(tmp_path: Path, folder: str) -> None:
    found = require_shared(f"samples/{folder}")
    text = anonymised(tmp_path, sorted(path for path in found.iterdir() if path.name.endswith(SUFFIXES)))
    assert not [name for name in (b"alice", b"sip:5010@", b"ciscotac") if name in text]


def anonymised(folder: Path, traces: list[Path]) -> bytes:
    """What comes out, in lower case; the lengths, and what decides, are proved to have stayed."""
    names = [str(path) for path in traces]
    config = write_config(folder, PLAN.replace('"@inside.example"', '"@fabrikam.example"'))
    out = str(folder / "out.jsonl")
    result = anonymise(*names, "-o", out, "--config", config)
    assert result.exit_code == 0, result.output
    before = [one for trace in names for one in listed(trace)]
    assert [one["length"] for one in before] == [one["length"] for one in listed(out)]
    return Path(out).read_bytes().lower()


def test_a_pipe_cannot_be_read_twice(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    result = anonymise(str(tmp_path / "pipe"), "-o", str(tmp_path / "out"))
    assert result.exit_code == 2 and "save it as a file first" in result.stderr


def test_a_log_that_grows_meanwhile_is_read_to_its_size_at_the_start(
    trace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle, more = Anonymiser.settle, Path(trace).read_bytes().replace(b"0049151", b"0049152")

    def grow(anonymiser: Anonymiser) -> int:
        with open(trace, "ab") as stream:
            stream.write(more)
        return settle(anonymiser)

    monkeypatch.setattr(Anonymiser, "settle", grow)
    result = anonymise(trace, "-o", str(tmp_path / "out"), "--config", write_config(tmp_path), "--key", "test")
    assert (result.exit_code, result.stdout) == (0, "1 request replayed before and after: the same rules decide\n")
    assert len(listed(str(tmp_path / "out"))) == 2 and len(listed(trace)) == 4


def test_decisions_are_refused_because_they_hold_no_messages(tmp_path: Path) -> None:
    (tmp_path / "decisions").write_bytes(lines_of(decided()))
    result = anonymise(str(tmp_path / "decisions"), "-o", str(tmp_path / "out"))
    assert result.exit_code == 2 and "take its log of messages instead" in result.stderr
    assert not (tmp_path / "out").exists()
