"""Authentication: check the key of each request, and create the first team and key of an empty database."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from prismd.core.api_keys.scopes import ALL, Scopes
from prismd.core.api_keys.weak_keys import weakness
from prismd.core.errors import PrismdError
from prismd.services.api_keys.api_keys import KeyMaker, KeyTerms, NewKey, digest_of, new_secret
from prismd.services.runtime import World
from prismd.settings import SettingError
from prismd.store import api_keys, teams
from prismd.store.api_keys import KeyMatch
from prismd.store.connections.faults import passes
from prismd.store.connections.postgres import Connection
from prismd.store.connections.transactions import savepoint

#: Shortest time between two notes of a key's use.
_NOTED_EVERY: Final = timedelta(minutes=1)

_UNKNOWN: Final = "the API key is unknown or revoked: check the header x-api-key"
_OTHER_TEAM: Final = "the API key has no access to this team: check the team id in the path"

_LOG: Final = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Caller:
    """The sender of a request with an accepted key.

    Args:
        team_id: Internal id of the team.
        public_id: Id of the team in paths.
        key_id: Id of the key.
        scopes: The scopes of the key.
        key_hint: The last characters of the key, which help people recognise it.
    """

    team_id: int
    public_id: str
    key_id: str
    scopes: Scopes = ALL
    key_hint: str = ""


#: The key that the first start on an empty database creates.
Bootstrap = NewKey


@dataclass(frozen=True, slots=True)
class KeyFailure:
    """The reason for refusing a key, for the audit log of the team concerned.

    Args:
        team_id: Internal id of the team concerned.
        key_id: Id of the key; None if it is not a key of this team.
        reason: ``unknown``, ``revoked``, ``expired``, or ``other_team`` for a key of another team.
    """

    team_id: int
    key_id: str | None
    reason: str


class RefusedKeyError(PrismdError):
    """The request's key gives no access.

    Args:
        message: A sentence for people.
        failure: The entry for a team's audit log; None if no team is concerned.
    """

    def __init__(self, message: str, failure: KeyFailure | None) -> None:
        super().__init__("forbidden", message)
        self.failure = failure


class UnknownKeyError(RefusedKeyError):
    """The request's key is unknown, revoked or expired."""


def authenticate(connection: Connection, key: str, team_public_id: str | None, *, now: datetime) -> Caller:
    """Return the caller, and note that the key is used.

    Contract, section 2.

    Args:
        connection: A connection inside a transaction; one statement reads, another one writes once a minute and key.
        key: The key, exactly as the caller sent it.
        team_public_id: The team in the path; None if the path names no team, and the key alone decides.
        now: The time; it decides whether the key has expired.

    Raises:
        UnknownKeyError: The key is unknown, revoked or expired.
        PrismdError: ``forbidden``: the key belongs to another team.
    """
    digest = digest_of(key)
    found = api_keys.find_key(connection, digest)
    if found is None or not hmac.compare_digest(found.digest, digest):
        raise UnknownKeyError(_UNKNOWN, _at_path(connection, team_public_id, "unknown"))
    if found.revoked_at is not None:
        raise UnknownKeyError(_UNKNOWN, KeyFailure(found.team_id, found.key_id, "revoked"))
    if found.expires_at is not None and found.expires_at <= now:
        message = f"the API key has expired on {found.expires_at.astimezone(UTC):%Y-%m-%d at %H:%M} UTC: use another"
        failure = KeyFailure(found.team_id, found.key_id, "expired")
        raise UnknownKeyError(f"{message}, which `prismd keys create` makes", failure)
    if team_public_id not in (None, found.team):
        raise RefusedKeyError(_OTHER_TEAM, _at_path(connection, team_public_id, "other_team"))
    _note_use(connection, found, now)
    return Caller(found.team_id, found.team, found.key_id, Scopes(frozenset(found.scopes)), found.hint)


def _at_path(connection: Connection, public_id: str | None, reason: str) -> KeyFailure | None:
    """Return that a request used a key of no use to the team in its path; None if no team has this public id.

    The failure does not identify the key, as it may belong to another team, and this team must not learn about it.
    """
    if public_id is None or not public_id.isprintable():  # what no database can hold is no team
        return None
    team_id = teams.find_team(connection, public_id)
    return None if team_id is None else KeyFailure(team_id, None, reason)


def _note_use(connection: Connection, key: KeyMatch, now: datetime) -> None:
    noted_until = now - _NOTED_EVERY
    if key.last_used_at is not None and key.last_used_at > noted_until:
        return
    try:
        with savepoint(connection):
            api_keys.note_use(connection, key.team_id, key.key_id, now=now, before=noted_until)
    except Exception as error:
        if not passes(error):
            raise
        # On a standby or a full disk the use cannot be noted, but reads must go on.
        _LOG.info("the use of a key could not be noted", key=key.key_id, reason=str(error).strip())


def good_keys(connection: Connection, key_ids: Sequence[str], *, now: datetime) -> set[str]:
    """Return the keys that are accepted now.

    Args:
        connection: Any connection; this call runs one statement.
        key_ids: Ids of keys, of any teams.
        now: The time; it decides whether keys have expired.
    """
    return api_keys.good_keys(connection, key_ids, now=now) if key_ids else set()


def bootstrap(runtime: World, environment: Mapping[str, str]) -> Bootstrap | None:
    """Create the first team and key if the database has no team yet; return None if it has one.

    Args:
        runtime: The outside world; this call is one transaction.
        environment: The environment; ``MICRO_TEAM_ID`` and ``MICRO_API_KEY`` are used unless they are empty.

    Raises:
        SettingError: ``MICRO_API_KEY`` is easy to guess.
    """
    with runtime.of_all_teams() as connection:
        if teams.first_teams(connection, 1):
            return None
        teams.lock_bootstrap(connection)
        if teams.first_teams(connection, 1):
            return None
        now, team = runtime.now(), environment.get("MICRO_TEAM_ID") or runtime.new_id()
        team_id = teams.insert_team(connection, team, now)
        given = _checked(environment.get("MICRO_API_KEY", ""))
        maker = KeyMaker(connection, team_id, team, now, runtime.new_id)
        made = maker.make(given or new_secret(), KeyTerms("first"))
        return replace(made, given=bool(given))


def _checked(key: str) -> str:
    if key and (found := weakness(key)):
        raise SettingError(f"MICRO_API_KEY could be guessed: {found}; leave it out, and a random one is made")
    return key
