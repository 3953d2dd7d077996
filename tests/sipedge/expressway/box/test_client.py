"""The REST client against a real server over TLS."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.expressway_box import ACCOUNT, stand_in

from sipedge.expressway.box.client import Account, BoxError, Reader, Writer
from sipedge.expressway.fields import PATH
from sipedge.lab.ca import Authority

pytestmark = pytest.mark.e2e


def test_records_of_a_path_and_none_where_there_is_no_such_path(tmp_path: Path) -> None:
    with stand_in(tmp_path) as box, box.reader() as reader:
        rules = reader.records(PATH)
        assert rules is not None and rules[0]["Name"] == "LocalZoneMatch"
        assert reader.records("edge/zone/traversalserver") is None
        assert reader.text("/nothing") is None


def test_the_newer_root_is_found(tmp_path: Path) -> None:
    with stand_in(tmp_path, root="/api/v1/provisioning") as box, box.writer() as writer:
        assert len(writer.records(PATH) or ()) == 3
        writer.delete(PATH, "to A")
        assert box.written == ["LocalZoneMatch", "to B"]


def test_a_wrong_password_is_one_sentence(tmp_path: Path) -> None:
    with stand_in(tmp_path) as box, box.reader(account=Account("admin", "other")) as reader:
        with pytest.raises(BoxError, match='refuses the name or the password of "admin"'):
            reader.records(PATH)


def test_a_box_that_no_trusted_ca_vouches_for_is_not_asked(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other", "other")
    with stand_in(tmp_path) as box, Reader(box.hosts[0], ACCOUNT, str(other.file)) as reader:
        with pytest.raises(BoxError, match="cannot be reached: .*; name its CA with --ca"):
            reader.records(PATH)
        assert box.cluster.requests == []


def test_a_name_that_the_certificate_has_not_is_not_asked(tmp_path: Path) -> None:
    with stand_in(tmp_path) as box:
        port = box.hosts[0].partition(":")[2]
        with Reader(f"localhost:{port}", ACCOUNT, box.trusted) as reader, pytest.raises(BoxError, match="name its CA"):
            reader.records(PATH)


def test_what_is_no_host_and_what_is_no_ca_is_told(tmp_path: Path) -> None:
    for host in ("box:port", "a b", "https://box", "user@box", "box/path", "", "::1::", "box:99999"):
        with pytest.raises(BoxError, match="is neither HOST nor HOST:PORT"):
            Reader(host, ACCOUNT)
    for host in ("box", "box.example:8443", "192.0.2.1", "[2001:db8::1]:443"):
        with Reader(host, ACCOUNT) as reader:
            assert reader.port in (443, 8443)
    empty = tmp_path / "empty.pem"
    empty.write_text("")
    with pytest.raises(BoxError, match="holds no certificates of CAs"):
        Reader("box", ACCOUNT, str(empty))


def test_a_refused_write_says_what_the_box_said(tmp_path: Path) -> None:
    with stand_in(tmp_path) as box, box.writer() as writer:
        writer.records(PATH)
        with pytest.raises(BoxError, match="PUT .*answers 400: .*Invalid value of State"):
            writer.update(PATH, {"Name": "to A", "State": "Perhaps"})


def test_a_box_is_read_before_it_is_written(tmp_path: Path) -> None:
    with stand_in(tmp_path) as box, box.writer() as writer:
        with pytest.raises(BoxError, match="was not read before"):
            writer.create(PATH, {"Name": "x"})


def test_a_reader_cannot_write() -> None:
    assert not {"create", "update", "delete"} & set(dir(Reader)) and hasattr(Writer, "create")
