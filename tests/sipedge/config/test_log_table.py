from __future__ import annotations

from pathlib import Path

import pytest
from support.configuration import EDGE, errors, write

from sipedge.config import load_config
from sipedge.settings import Hep, Log


def _problem(folder: Path, text: str) -> str:
    (found,) = errors(folder, EDGE + text)
    return found


def test_without_the_table_nothing_is_written(tmp_path: Path) -> None:
    settings = load_config(write(tmp_path, EDGE))
    assert (settings.log, settings.metrics.listen) == (Log(), "")


def test_files_lie_in_the_folder_of_the_configuration(tmp_path: Path) -> None:
    text = '[log]\nmessages = "messages"\nexpressway = "/var/log/edge"\n[log.hep]\naddress = "::1"\n'
    log = load_config(write(tmp_path, EDGE + text)).log
    assert log == Log(messages=str(tmp_path / "messages"), expressway="/var/log/edge", hep=Hep("::1"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[log]\nmessages = "x"\ndecisions = "x"', '"messages" and "decisions" are the same file'),
        ("[log]\nrotate_count = 0", "rotate_count"),
        ('[log]\nmessage = "x"', "did you mean"),
        ("[log.hep]\nport = 1", "address"),
        ('[log.hep]\naddress = "a"\ntransport = "SCTP"', "SCTP"),
        ('[log.hep]\naddress = "a"\ncapture_id = 4294967296', "capture_id"),
        ('[log.hep]\naddress = "a"\ntrusted = "none.pem"', '"none.pem" cannot be read'),
        ('[log.hep]\naddress = "a"\npassword_file = "none"', '"none" cannot be read'),
        ('[metrics]\nlisten = "9100"', "is not an address with a port"),
        ('[metrics]\nlisten = "::1:9100"', "is not an address with a port"),
        ('[metrics]\nlisten = "localhost:9100"', "is not an address with a port"),
        ('[metrics]\nlisten = "127.0.0.1:99999"', "is not an address with a port"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, sentence: str) -> None:
    assert sentence in _problem(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        '[log.hep]\naddress = "a"\npassword = "geheim"\npassword_file = "file"',
        '[log]\nhep = { address = "a b", password = "geheim" }',
        '[log.hep]\naddress = "a"\npassword = ["geheim"]',
    ],
)
def test_a_password_is_never_shown(tmp_path: Path, text: str) -> None:
    assert "geheim" not in _problem(tmp_path, text)
