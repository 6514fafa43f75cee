"""Who may do what: teams, their API keys, and the check of a key on each request."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from prismd.core.errors import PrismdError
from prismd.core.ids import NewId
from prismd.core.weak_keys import weakness
from prismd.settings import SettingError
from prismd.store import teams
from prismd.store.postgres import Connection
from prismd.store.teams import StoredKey

_HINT_CHARS: Final = 4
#: A key that is so short that its last characters would give it away shows none.
_HINTED_KEY_CHARS_MIN: Final = 16


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever sent a request with a good key.

    Args:
        team_id: Internal id of the team.
        public_id: The team's id in paths.
        key_id: Id of the key.
    """

    team_id: int
    public_id: str
    key_id: str


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made, which is shown this once.

    Args:
        id: By which it is revoked.
        team: Public id of its team.
        key: The key itself.
        given: Whether the operator chose it, and so need not be told.
    """

    id: str
    team: str
    key: str
    given: bool = False


#: What the first start on an empty database made.
Bootstrap = NewKey


class UnknownKeyError(PrismdError):
    """The key of a request is unknown or revoked."""

    def __init__(self) -> None:
        super().__init__("forbidden", "the API key is unknown or revoked: check the header x-api-key")


class TeamUnclearError(Exception):
    """A command names no team, or one that does not exist; the message says what to do."""


def new_secret() -> str:
    """Return a new random API key."""
    return f"prismd_{secrets.token_urlsafe(32)}"


def authenticate(connection: Connection, key: str, team_public_id: str | None) -> Caller:
    """Return who calls.

    Contract, section 2.

    Args:
        connection: Any; reads with one statement.
        key: The key as sent.
        team_public_id: The team in the path; None where the path has none, and the key alone counts.

    Raises:
        UnknownKeyError: The key is unknown or revoked.
        PrismdError: ``forbidden``: it belongs to another team.
    """
    digest = _digest(key)
    found = teams.find_key(connection, digest)
    if found is None or not hmac.compare_digest(found.digest, digest):
        raise UnknownKeyError
    if team_public_id not in (None, found.team):
        raise PrismdError("forbidden", "the API key has no access to this team: check the team id in the path")
    return Caller(found.team_id, found.team, found.key_id)


def bootstrap(
    connection: Connection,
    environment: Mapping[str, str],
    *,
    now: datetime,
    new_id: NewId,
    secret: Callable[[], str] = new_secret,
) -> Bootstrap | None:
    """Make the first team and key where there is no team yet, and return them.

    Args:
        connection: On which this is one transaction.
        environment: ``MICRO_TEAM_ID`` and ``MICRO_API_KEY`` are taken where they say something.
        now: The time.
        new_id: Makes ids.
        secret: Makes keys.

    Raises:
        SettingError: ``MICRO_API_KEY`` could be guessed.
    """
    with connection.transaction():
        if teams.first_teams(connection, 1):
            return None
        teams.lock_bootstrap(connection)
        if teams.first_teams(connection, 1):
            return None
        team = environment.get("MICRO_TEAM_ID") or new_id()
        team_id = teams.insert_team(connection, team, now)
        given = _checked(environment.get("MICRO_API_KEY", ""))
        made = _store_key(connection, team_id, team, "first", given or secret(), now=now, new_id=new_id)
        return replace(made, given=bool(given))


def create_key(
    connection: Connection,
    *,
    team: str | None,
    name: str,
    now: datetime,
    new_id: NewId,
    make_team: bool = False,
    secret: Callable[[], str] = new_secret,
) -> NewKey:
    """Make a key of a team.

    Args:
        connection: On which this is one transaction.
        team: Public id of the team; None means the only one.
        name: What people shall call the key.
        now: The time.
        new_id: Makes ids.
        make_team: Whether to make the team where there is none of that id.
        secret: Makes keys.

    Raises:
        TeamUnclearError: There is no such team, or none is named and there is not exactly one.
    """
    with connection.transaction():
        public_id = team or _only_team(connection, new_id if make_team else None)
        team_id = teams.find_team(connection, public_id)
        if team_id is None:
            if not make_team:
                raise TeamUnclearError(f"there is no team {public_id!r}: name another, or make it with --new-team")
            team_id = teams.insert_team(connection, public_id, now)
        return _store_key(connection, team_id, public_id, name, secret(), now=now, new_id=new_id)


def list_keys(connection: Connection, team: str | None) -> list[StoredKey]:
    """Return all keys, oldest first.

    Args:
        connection: Any.
        team: Public id of the team; None means all.
    """
    return teams.list_keys(connection, team)


def revoke_key(connection: Connection, key_id: str, *, team: str | None, now: datetime) -> bool:
    """Refuse a key from now on; say whether there is such a key.

    Args:
        connection: On which this is one transaction.
        key_id: Id of the key.
        team: Public id of the team that it must belong to; None means any.
        now: The time.
    """
    with connection.transaction():
        return teams.revoke_key(connection, key_id, team, now)


def _checked(key: str) -> str:
    if key and (found := weakness(key)):
        raise SettingError(f"MICRO_API_KEY could be guessed: {found}; leave it out, and a random one is made")
    return key


def _only_team(connection: Connection, new_id: NewId | None) -> str:
    if new_id is not None:
        return new_id()
    found = teams.first_teams(connection, 2)
    if not found:
        raise TeamUnclearError("there is no team yet: make one with --new-team")
    if len(found) > 1:
        raise TeamUnclearError("there are several teams: name one with --team")
    return found[0]


def _store_key(
    connection: Connection, team_id: int, team: str, name: str, key: str, *, now: datetime, new_id: NewId
) -> NewKey:
    key_id = new_id()
    hint = key[-_HINT_CHARS:] if len(key) >= _HINTED_KEY_CHARS_MIN else ""
    teams.insert_key(connection, key_id=key_id, team_id=team_id, name=name, digest=_digest(key), hint=hint, now=now)
    return NewKey(key_id, team, key)


def _digest(key: str) -> bytes:
    # Keys are long and random, so a plain hash keeps them; a slow one would only slow each request down.
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
