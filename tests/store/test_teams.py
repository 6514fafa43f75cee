"""Teams and keys: who gets in, who does not, and what the first start makes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from prismd.core.errors import PrismdError
from prismd.services.api_keys.api_keys import KeyRefusedError, NewKey, WantedKey, create_key, list_keys, revoke_key
from prismd.services.api_keys.authentication import authenticate, bootstrap
from prismd.services.runtime import Runtime
from prismd.settings import Settings
from prismd.store.connections.postgres import Connection, connect
from prismd.store.migrate import migrate
from tests.conftest import sole


def new_key(runtime: Runtime, connection: Connection) -> NewKey:
    return create_key(sole(runtime, connection), WantedKey(runtime.new_id(), "k", make_team=True))


def test_a_key_opens_its_own_team(runtime: Runtime, connection: Connection) -> None:
    key = new_key(runtime, connection)
    caller = authenticate(connection, key.key, key.team, now=runtime.now())
    assert (caller.public_id, caller.key_id) == (key.team, key.id)


def test_a_key_of_another_team_is_forbidden(runtime: Runtime, connection: Connection) -> None:
    mine, theirs = new_key(runtime, connection), new_key(runtime, connection)
    with pytest.raises(PrismdError, match="no access to this team") as raised:
        authenticate(connection, mine.key, theirs.team, now=runtime.now())
    assert raised.value.code == "forbidden"


@pytest.mark.parametrize("key", ["", "unknown", "\x00", "\ud800", "ключ"])
def test_an_unknown_key_is_forbidden(runtime: Runtime, connection: Connection, key: str) -> None:
    team = new_key(runtime, connection).team
    with pytest.raises(PrismdError, match="unknown or revoked") as raised:
        authenticate(connection, key, team, now=runtime.now())
    assert raised.value.code == "forbidden"


def test_a_good_key_and_a_team_that_no_database_can_hold_is_forbidden(runtime: Runtime, connection: Connection) -> None:
    with pytest.raises(PrismdError, match="no access to this team"):
        authenticate(connection, new_key(runtime, connection).key, "a\x00b\ud800", now=runtime.now())


def test_a_revoked_key_is_forbidden_and_stays_listed(runtime: Runtime, connection: Connection) -> None:
    key = new_key(runtime, connection)
    revoke_key(sole(runtime, connection), key.id, team=key.team)
    with pytest.raises(PrismdError, match="unknown or revoked"):
        authenticate(connection, key.key, key.team, now=runtime.now())
    assert [(listed.id, listed.revoked_at) for listed in list_keys(connection, key.team)] == [(key.id, runtime.now())]


def test_a_key_is_not_revoked_through_another_team(runtime: Runtime, connection: Connection) -> None:
    mine, theirs = new_key(runtime, connection), new_key(runtime, connection)
    with pytest.raises(KeyRefusedError, match="there is no key with id"):
        revoke_key(sole(runtime, connection), mine.id, team=theirs.team)
    assert authenticate(connection, mine.key, mine.team, now=runtime.now())


def test_the_key_itself_is_stored_nowhere(runtime: Runtime, connection: Connection) -> None:
    key = new_key(runtime, connection)
    stored = connection.execute("SELECT api_key::text FROM api_key WHERE id = %s", (key.id,)).fetchone()
    assert stored is not None
    assert key.key not in stored[0]
    assert key.key.removeprefix("prismd_").encode().hex() not in stored[0]


def test_a_team_that_does_not_exist_gets_no_key_by_mistake(runtime: Runtime, connection: Connection) -> None:
    with pytest.raises(KeyRefusedError, match="there is no team 'mistyped'"):
        create_key(sole(runtime, connection), WantedKey("mistyped", "k"))


def test_an_empty_database_gets_a_first_team_and_key_once(runtime: Runtime, make_database: Callable[[], str]) -> None:
    url = make_database()
    migrate(url, Settings())
    with connect(url, Settings()) as connection:
        made = bootstrap(sole(runtime, connection), {})
        assert made is not None
        assert authenticate(connection, made.key, made.team, now=runtime.now())
        assert bootstrap(sole(runtime, connection), {}) is None


def test_the_first_team_and_key_are_taken_from_the_environment(
    runtime: Runtime, make_database: Callable[[], str]
) -> None:
    url = make_database()
    migrate(url, Settings())
    environment = {"MICRO_TEAM_ID": "the team / 1", "MICRO_API_KEY": "my own key 7340"}
    with connect(url, Settings()) as connection:
        made = bootstrap(sole(runtime, connection), environment)
        assert made is not None
        assert (made.team, made.key) == ("the team / 1", "my own key 7340")
        assert authenticate(connection, "my own key 7340", "the team / 1", now=runtime.now())
