"""The life of a key: how long it is good, when it was used, and how another takes its place."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from prismd.core.api_keys.scopes import ALL, Scopes
from prismd.core.errors import PrismdError
from prismd.services.api_keys.api_keys import (
    NAME_CHARS_MAX,
    KeyRefusedError,
    NewKey,
    Rotated,
    WantedKey,
    create_key,
    list_keys,
    revoke_key,
    rotate_key,
)
from prismd.services.api_keys.authentication import UnknownKeyError, authenticate
from prismd.services.runtime import Runtime
from prismd.store.connections.postgres import Connection, connect
from tests.conftest import sole

if TYPE_CHECKING:
    from prismd.store.api_keys import StoredKey
    from tests.conftest import Clock

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def team(runtime: Runtime) -> str:
    return runtime.new_id()


@pytest.fixture
def make(runtime: Runtime, connection: Connection, team: str) -> Callable[..., NewKey]:
    def make_one(name: str = "k", **given: Any) -> NewKey:
        return create_key(sole(runtime, connection), WantedKey(team, name, make_team=True, **given))

    return make_one


@pytest.fixture
def rotate(runtime: Runtime, connection: Connection) -> Callable[..., Rotated]:
    def rotate_one(key_id: str, overlap: timedelta = HOUR) -> Rotated:
        return rotate_key(sole(runtime, connection), key_id, team=None, overlap=overlap)

    return rotate_one


def is_good(runtime: Runtime, connection: Connection, key: NewKey) -> bool:
    try:
        authenticate(connection, key.key, key.team, now=runtime.now())
    except UnknownKeyError:
        return False
    return True


def stored(connection: Connection, key: NewKey) -> StoredKey:
    return next(one for one in list_keys(connection, key.team) if one.id == key.id)


def test_a_key_is_good_until_its_last_moment(
    runtime: Runtime, connection: Connection, clock: Clock, make: Callable[..., NewKey]
) -> None:
    key = make(lifetime=DAY)
    clock.advance(days=1, microseconds=-1)
    assert is_good(runtime, connection, key)
    clock.advance(microseconds=1)
    with pytest.raises(
        UnknownKeyError, match=r"has expired on \d{4}-\d\d-\d\d at \d\d:\d\d UTC: use another"
    ) as raised:
        authenticate(connection, key.key, key.team, now=runtime.now())
    assert raised.value.code == "forbidden"
    assert stored(connection, key).expires_at == runtime.now()


def test_a_key_carries_its_scopes(runtime: Runtime, connection: Connection, make: Callable[..., NewKey]) -> None:
    some = Scopes.of(["read", "import:contact"])
    for scopes in (ALL, some):
        key = make(scopes=scopes)
        assert authenticate(connection, key.key, key.team, now=runtime.now()).scopes == scopes
        assert stored(connection, key).scopes == scopes.texts()


@pytest.mark.parametrize("name", ["x" * (NAME_CHARS_MAX + 1), "two\nlines", "\x1b[2J", "\u202egnp", "\ud800"])
def test_a_name_that_would_garble_a_list_is_refused(make: Callable[..., NewKey], name: str) -> None:
    with pytest.raises(KeyRefusedError, match="name"):
        make(name)


@pytest.mark.parametrize("name", ["", "x" * NAME_CHARS_MAX, "Zoë: importer ✓"])
def test_any_other_name_is_kept(connection: Connection, make: Callable[..., NewKey], name: str) -> None:
    assert stored(connection, make(name)).name == name


def test_the_use_of_a_key_is_noted_at_most_once_a_minute(
    runtime: Runtime, connection: Connection, clock: Clock, make: Callable[..., NewKey]
) -> None:
    key = make()
    assert stored(connection, key).last_used_at is None
    noted: list[datetime | None] = []
    for _ in range(7):
        assert is_good(runtime, connection, key)
        noted.append(stored(connection, key).last_used_at)
        clock.advance(seconds=20)
    start = noted[0]
    assert start is not None
    assert [(one - start).total_seconds() for one in noted if one] == [0, 0, 0, 60, 60, 60, 120]


def test_a_key_that_is_refused_is_not_used(
    runtime: Runtime, connection: Connection, clock: Clock, make: Callable[..., NewKey]
) -> None:
    expired, revoked = make(lifetime=HOUR), make()
    revoke_key(sole(runtime, connection), revoked.id, team=None)
    clock.advance(hours=1)
    for key in (expired, revoked):
        assert not is_good(runtime, connection, key)
        assert stored(connection, key).last_used_at is None
    other = make()
    with pytest.raises(PrismdError, match="no access to this team"):
        authenticate(connection, other.key, "another", now=runtime.now())
    assert stored(connection, other).last_used_at is None


def test_whoever_comes_at_the_same_moment_waits_for_nobody(
    runtime: Runtime, connection: Connection, database_url: str, make: Callable[..., NewKey]
) -> None:
    key = make()
    connection.commit()
    with ExitStack() as stack:
        first, second = (stack.enter_context(connect(database_url, runtime.settings)) for _ in range(2))
        second.execute("SET statement_timeout = '5s'")
        assert is_good(runtime, first, key)  # and its transaction is still open
        assert is_good(runtime, second, key)


def test_reads_go_on_where_nothing_can_be_written(
    runtime: Runtime, connection: Connection, database_url: str, make: Callable[..., NewKey]
) -> None:
    key = make()
    connection.commit()
    with connect(database_url, runtime.settings) as standby:
        standby.execute("SET default_transaction_read_only = on")
        standby.commit()
        assert is_good(runtime, standby, key)
        assert standby.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS
    assert stored(connection, key).last_used_at is None


def test_two_keys_are_good_while_one_takes_the_place_of_the_other(
    runtime: Runtime,
    connection: Connection,
    clock: Clock,
    make: Callable[..., NewKey],
    rotate: Callable[..., Rotated],
) -> None:
    old = make("robot", scopes=Scopes.of(["read:contact"]), lifetime=30 * DAY)
    clock.advance(days=10)
    rotated = rotate(old.id, 2 * DAY)
    new = rotated.new
    assert rotated.old_until == runtime.now() + 2 * DAY
    assert new.key != old.key
    assert is_good(runtime, connection, old)
    assert is_good(runtime, connection, new)
    found, before = stored(connection, new), stored(connection, old)
    assert (found.name, found.scopes, found.replaces) == ("robot", ["read:contact"], old.id)
    assert found.expires_at == runtime.now() + 30 * DAY
    assert before.replaced_by == new.id
    clock.advance(days=2)
    assert not is_good(runtime, connection, old)
    assert is_good(runtime, connection, new)


def test_a_rotation_never_makes_a_key_live_longer(
    connection: Connection, runtime: Runtime, make: Callable[..., NewKey], rotate: Callable[..., Rotated]
) -> None:
    old = make(lifetime=HOUR)
    assert rotate(old.id, DAY).old_until == runtime.now() + HOUR
    assert stored(connection, old).expires_at == runtime.now() + HOUR


def test_only_the_newest_good_key_is_rotated(
    runtime: Runtime,
    connection: Connection,
    clock: Clock,
    make: Callable[..., NewKey],
    rotate: Callable[..., Rotated],
) -> None:
    old, revoked, expired = make(), make(), make(lifetime=HOUR)
    new = rotate(old.id).new
    with pytest.raises(KeyRefusedError, match=f"has been rotated already: rotate {new.id} instead"):
        rotate(old.id)
    revoke_key(sole(runtime, connection), revoked.id, team=None)
    clock.advance(hours=1)
    for key, why in ((revoked, "is revoked"), (expired, "has expired")):
        with pytest.raises(KeyRefusedError, match=why):
            rotate(key.id)
    with pytest.raises(KeyRefusedError, match="there is no key with id 'x'"):
        rotate("x")
    # Nothing was made by what was refused.
    assert len(list_keys(connection, old.team)) == 4


def test_two_who_rotate_at_once_make_one_key(
    runtime: Runtime, connection: Connection, database_url: str, make: Callable[..., NewKey]
) -> None:
    old = make()
    connection.commit()
    refused: list[KeyRefusedError] = []

    def rotate_now() -> None:
        with connect(database_url, replace(runtime.settings)) as own:
            try:
                rotate_key(sole(runtime, own), old.id, team=None, overlap=HOUR)
            except KeyRefusedError as error:
                refused.append(error)

    together = [threading.Thread(target=rotate_now) for _ in range(4)]
    for one in together:
        one.start()
    for one in together:
        one.join()
    assert len(refused) == 3
    assert len(list_keys(connection, old.team)) == 2
