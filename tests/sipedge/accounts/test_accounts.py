from __future__ import annotations

import hashlib
import resource
import stat
from pathlib import Path
from typing import Any

import pytest

from sipedge.accounts.accounts import AccountError, Accounts
from sipedge.accounts.database import Database
from sipedge.accounts.passwords import COST, PasswordError, fits, hashed, nobody
from sipedge.accounts.roles import Role, role_named
from sipedge.accounts.sessions import IDLE, LONGEST, MOST_EACH, TOUCHED, Sessions
from sipedge.accounts.tokens import PREFIX, Tokens

PASSWORD = "correct horse battery"
NOW = 1_000_000.0


@pytest.fixture
def database(tmp_path: Path) -> Database:
    made = Database(str(tmp_path))
    Accounts(made).add("alice", Role.ADMIN, PASSWORD)
    return made


def test_a_password_is_kept_as_scrypt_with_a_salt_of_its_own() -> None:
    one, two = hashed(PASSWORD), hashed(PASSWORD)
    assert one != two and PASSWORD not in one and one.startswith("scrypt$16384$8$1$")
    assert fits(PASSWORD, one) and fits(PASSWORD, two) and not fits(PASSWORD + " ", one)
    with pytest.raises(PasswordError, match="12 to 1024 characters"):
        hashed("short")


def test_an_account_is_let_in_by_its_password_only(database: Database) -> None:
    accounts = Accounts(database)
    found = accounts.checked("alice", PASSWORD)
    assert found is not None and (found.name, found.role) == ("alice", Role.ADMIN)
    assert accounts.checked("alice", "wrong password") is None
    assert accounts.checked("bob", PASSWORD) is None
    assert accounts.checked("' or 1=1 --", "\ud800") is None


def test_who_has_no_account_or_no_password_here_waits_as_long_as_others_the_first_time_too(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What takes the time is one scrypt, each time."""
    accounts, tried, scrypt = Accounts(database), list[int](), hashlib.scrypt
    accounts.vouched("https://id.example.com", "1", "carol", Role.ADMIN)

    def counted(*given: Any, **named: Any) -> bytes:
        tried.append(named["n"])
        return scrypt(*given, **named)

    monkeypatch.setattr(hashlib, "scrypt", counted)
    nobody.cache_clear()
    for number, name in enumerate(("bob", "bob", "oidc:carol", "alice"), 1):
        assert accounts.checked(name, "another password") is None
        assert tried == [COST] * number, name


def test_the_file_is_for_its_owner_only_and_holds_no_password_or_key(database: Database) -> None:
    key = Sessions(database).begin("alice", "127.0.0.1", "a browser", NOW)
    token = Tokens(database).add("monitoring", Role.AUDITOR, "alice", 30, NOW)
    assert stat.S_IMODE(Path(database.path).stat().st_mode) == 0o600
    content = Path(database.path).read_bytes()
    assert not [text for text in (PASSWORD, key, token) if text.encode() in content]


def test_names_are_checked_and_not_given_twice(database: Database) -> None:
    with pytest.raises(AccountError, match="is no name"):
        Accounts(database).add("a b", Role.AUDITOR, PASSWORD)
    with pytest.raises(AccountError, match='an account "alice" already'):
        Accounts(database).add("alice", Role.AUDITOR, PASSWORD)
    assert role_named("operator") is Role.OPERATOR
    with pytest.raises(ValueError, match="roles are auditor, operator, admin"):
        role_named("root")


def test_the_last_admin_stays(database: Database) -> None:
    accounts = Accounts(database)
    for change in (lambda: accounts.remove("alice"), lambda: accounts.give_role("alice", Role.AUDITOR)):
        with pytest.raises(AccountError, match="the last admin"):
            change()
    accounts.add("bob", Role.ADMIN, PASSWORD)
    accounts.give_role("alice", Role.AUDITOR)
    assert [(each.name, each.role) for each in accounts.all()] == [("alice", Role.AUDITOR), ("bob", Role.ADMIN)]
    accounts.remove("alice")
    with pytest.raises(AccountError, match='no account "alice"'):
        accounts.remove("alice")


def test_a_session_ends_by_silence_by_age_and_by_command(database: Database) -> None:
    sessions = Sessions(database)
    key = sessions.begin("alice", "192.0.2.1", "Firefox", NOW)
    found = sessions.of(key, NOW + 60)
    assert found is not None and (found.account, found.role, found.address) == ("alice", Role.ADMIN, "192.0.2.1")
    assert sessions.of(key, NOW + 60 + IDLE + TOUCHED) is None
    at = NOW
    while at < NOW + LONGEST:
        assert sessions.of(key, at) is not None
        at += IDLE / 2
    assert sessions.of(key, NOW + LONGEST + 1) is None, "however busy it was"
    other = sessions.begin("alice", "", "", NOW)
    (listed,) = [each for each in sessions.all(NOW) if each.number != found.number]
    assert sessions.end(listed.number) == "alice" and sessions.end(listed.number) == ""
    assert sessions.of(other, NOW) is None
    assert sessions.of("", NOW) is None


def test_an_account_has_so_many_sessions_at_most(database: Database) -> None:
    sessions = Sessions(database)
    keys = [sessions.begin("alice", "", "", NOW + number) for number in range(MOST_EACH + 3)]
    assert [sessions.of(key, NOW + 60) is None for key in keys] == [True] * 3 + [False] * MOST_EACH


def test_a_new_password_or_a_removal_ends_all_sessions(database: Database) -> None:
    accounts, sessions = Accounts(database), Sessions(database)
    key = sessions.begin("alice", "", "", NOW)
    accounts.give_password("alice", PASSWORD + "!")
    assert sessions.of(key, NOW) is None and accounts.checked("alice", PASSWORD) is None
    accounts.add("bob", Role.OPERATOR, PASSWORD)
    key = sessions.begin("bob", "", "", NOW)
    accounts.give_role("bob", Role.AUDITOR)
    found = sessions.of(key, NOW)
    assert found is not None and found.role is Role.AUDITOR, "at once"
    accounts.remove("bob")
    assert sessions.of(key, NOW) is None


def test_a_token_has_a_role_and_an_end(database: Database) -> None:
    accounts, tokens = Accounts(database), Tokens(database)
    text = tokens.add("monitoring", Role.OPERATOR, "alice", 30, NOW)
    assert text.startswith(PREFIX)
    found = tokens.of(text, NOW + 29 * 86400)
    assert found is not None and (found.name, found.role, found.account) == ("monitoring", Role.OPERATOR, "alice")
    assert tokens.of(text, NOW + 30 * 86400) is None and tokens.of(text + "x", NOW) is None
    accounts.add("bob", Role.ADMIN, PASSWORD)
    accounts.give_role("alice", Role.AUDITOR)
    found = tokens.of(text, NOW)
    assert found is not None and found.role is Role.AUDITOR, "never more than who made it"
    assert tokens.end(found.number) == "monitoring" and tokens.of(text, NOW) is None


@pytest.mark.parametrize(("name", "days"), [("x", 0), ("x", 400), ("", 1), ("x" * 65, 1)])
def test_a_token_without_end_or_name_is_refused(database: Database, name: str, days: int) -> None:
    with pytest.raises(AccountError):
        Tokens(database).add(name, Role.AUDITOR, "alice", days, NOW)


def test_an_account_that_a_provider_vouches_for_has_no_password_and_no_role_of_ours(database: Database) -> None:
    accounts, issuer = Accounts(database), "https://id.example.com"
    made = accounts.vouched(issuer, "1001", "alice", Role.OPERATOR)
    assert (made.name, made.role, made.issuer) == ("oidc:alice", Role.OPERATOR, issuer)
    key = Sessions(database).begin(made.name, "", "", NOW)
    assert accounts.vouched(issuer, "1001", "alice.smith", Role.ADMIN).name == "oidc:alice", (
        "another name, the same one"
    )
    session = Sessions(database).of(key, NOW)
    assert session is not None and session.role == Role.ADMIN
    for change in (
        lambda: accounts.give_password("oidc:alice", PASSWORD),
        lambda: accounts.give_role("oidc:alice", Role.AUDITOR),
    ):
        with pytest.raises(AccountError, match="has password and role at https://id.example.com"):
            change()
    assert accounts.checked("oidc:alice", "") is None and accounts.checked("oidc:alice", PASSWORD) is None
    with pytest.raises(AccountError, match="is no name"):
        accounts.add("oidc:bob", Role.ADMIN, PASSWORD)
    with pytest.raises(AccountError, match="somebody else of the provider"):
        accounts.vouched(issuer, "1002", "alice", Role.ADMIN)
    with pytest.raises(AccountError, match="the last admin"):
        accounts.remove("alice")
    assert accounts.disowned(issuer, "1001") == "oidc:alice" and accounts.disowned(issuer, "1001") == ""
    assert Sessions(database).of(key, NOW) is None
    assert [each.name for each in accounts.all()] == ["alice"]


def test_a_session_counts_although_its_use_cannot_be_noted(database: Database, tmp_path: Path) -> None:
    """Its file may not be written: a disk that is full locks nobody out who is in."""
    sessions, later = Sessions(database), NOW + TOUCHED + 1
    key = sessions.begin("alice", "127.0.0.1", "a browser", NOW)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        found = sessions.of(key, later)
        with pytest.raises(OSError, match="console.db"):
            sessions.begin("alice", "127.0.0.1", "a browser", later)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    assert found is not None and sessions.all(later)[0].seen == NOW
    again = sessions.of(key, later)
    assert again is not None and sessions.all(later)[0].seen == later
