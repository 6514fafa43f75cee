"""Use cases of API keys: create, list, rotate and revoke them."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from prismd.core.api_keys.scopes import ALL, Scopes
from prismd.core.audit import Action, Deed, Doer
from prismd.core.ids import NewId
from prismd.core.wording.quoting import quoted
from prismd.services.runtime import World
from prismd.store import api_keys, audit, teams
from prismd.store.api_keys import NewStoredKey, StoredKey
from prismd.store.connections.postgres import Connection

#: Longest name of a key, in characters.
NAME_CHARS_MAX: Final = 200

_HINT_CHARS: Final = 4
#: Shorter keys have no hint, as their last characters would reveal too much of them.
_HINTED_KEY_CHARS_MIN: Final = 16


class KeyRefusedError(Exception):
    """A command asks for an impossible key or an impossible change of one; the message says what to do."""


@dataclass(frozen=True, slots=True)
class WantedKey:
    """A key that a command asks for.

    Args:
        team: Public id of the team; None means the only one.
        name: A name for people.
        make_team: Whether to create the team if no team has this public id.
        scopes: The scopes of the key.
        lifetime: Time after which the key is refused; None for no expiry.
    """

    team: str | None
    name: str
    make_team: bool = False
    scopes: Scopes = ALL
    lifetime: timedelta | None = None


@dataclass(frozen=True, slots=True)
class KeyTerms:
    """The name, scopes and lifetime of a new key.

    Args:
        name: A name for people.
        scopes: The scopes of the key.
        expires_at: Time from which the key is refused; None for no expiry.
        replaces: Id of the key that this one replaces; None for none.
    """

    name: str
    scopes: Scopes = ALL
    expires_at: datetime | None = None
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A new key; its text is shown only once.

    Args:
        id: Id of the key, for revoking it.
        team: Public id of the key's team.
        key: The key itself.
        given: Whether the operator chose the key, so that it need not be shown.
    """

    id: str
    team: str
    key: str
    given: bool = False


@dataclass(frozen=True, slots=True)
class Rotated:
    """A rotation: the new key, and the old key's remaining time.

    Args:
        new: The new key.
        old_until: Time from which the old key is refused.
    """

    new: NewKey
    old_until: datetime


def new_secret() -> str:
    """Return a new random API key."""
    return f"prismd_{secrets.token_urlsafe(32)}"


def digest_of(key: str) -> bytes:
    """Return the digest of a key, which is stored in its place and finds it."""
    # Keys are long and random, so a plain hash protects them; a slow one would only slow down every request.
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def create_key(runtime: World, wanted: WantedKey) -> NewKey:
    """Create a key for a team, in one transaction.

    Args:
        runtime: The outside world.
        wanted: The key to create.

    Raises:
        KeyRefusedError: No team has this id; or no team is named and there is not exactly one; or the name is invalid.
    """
    with runtime.of_all_teams() as connection:
        now, make_team = runtime.now(), wanted.make_team
        public_id = wanted.team or (runtime.new_id() if make_team else _only_team(connection))
        team_id = teams.find_team(connection, public_id)
        if team_id is None:
            if not make_team:
                raise KeyRefusedError(f"there is no team {public_id!r}: name another, or make it with --new-team")
            team_id = teams.insert_team(connection, public_id, now)
        maker = KeyMaker(connection, team_id, public_id, now, runtime.new_id)
        expires_at = now + wanted.lifetime if wanted.lifetime else None
        return maker.make(new_secret(), KeyTerms(wanted.name, wanted.scopes, expires_at))


def rotate_key(runtime: World, key_id: str, *, team: str | None, overlap: timedelta) -> Rotated:
    """Create a key with the name, scopes and lifetime of another one, which expires after an overlap.

    Args:
        runtime: The outside world; this call is one transaction.
        key_id: Id of the old key.
        team: Public id of the team that the old key must belong to; None means any.
        overlap: Time for which both keys are accepted.

    Raises:
        KeyRefusedError: No key has this id, or the key is revoked, expired or already rotated.
    """
    with runtime.of_all_teams() as connection:
        now = runtime.now()
        old = _held(connection, key_id, team)
        _check_can_be_replaced(old, now)
        lifetime = old.expires_at - old.created_at if old.expires_at else None
        maker = KeyMaker(connection, old.team_id, old.team, now, runtime.new_id)
        expires_at = now + lifetime if lifetime else None
        new = maker.make(new_secret(), KeyTerms(old.name, Scopes.of(old.scopes), expires_at, old.id))
        until = min(now + overlap, old.expires_at or now + overlap)
        api_keys.expire_key(connection, old.team_id, old.id, until)
        return Rotated(new, until)


def list_keys(connection: Connection, team: str | None) -> list[StoredKey]:
    """Return all keys, oldest first.

    Args:
        connection: Any connection.
        team: Public id of the team; None means all.
    """
    return api_keys.list_keys(connection, team)


def revoke_key(runtime: World, key_id: str, *, team: str | None) -> None:
    """Refuse a key from now on; a revoked key stays revoked.

    Args:
        runtime: The outside world; this call is one transaction.
        key_id: Id of the key.
        team: Public id of the team that the key must belong to; None means any.

    Raises:
        KeyRefusedError: No key has this id.
    """
    with runtime.of_all_teams() as connection:
        now = runtime.now()
        key = _held(connection, key_id, team)
        api_keys.revoke_key(connection, key.team_id, key.id, now)
        deed = Deed(Action.KEY_REVOKED, [key.id], details={"name": key.name})
        audit.write_entry(connection, key.team_id, Doer(now), deed)


@dataclass(frozen=True, slots=True)
class KeyMaker:
    """Stores new keys of a team.

    Args:
        connection: A connection inside a transaction.
        team_id: Internal id of the team.
        team: Public id of the team.
        now: The time.
        new_id: Returns a new id.
    """

    connection: Connection
    team_id: int
    team: str
    now: datetime
    new_id: NewId

    def make(self, key: str, terms: KeyTerms) -> NewKey:
        """Store a key and return it.

        Args:
            key: The key itself; only its digest is stored.
            terms: The name, scopes and lifetime of the key.

        Raises:
            KeyRefusedError: The name is too long or not printable.
        """
        key_id = self.new_id()
        hint = key[-_HINT_CHARS:] if len(key) >= _HINTED_KEY_CHARS_MIN else ""
        stored = NewStoredKey(
            id=key_id,
            team_id=self.team_id,
            name=_checked_name(terms.name),
            digest=digest_of(key),
            hint=hint,
            scopes=terms.scopes.texts(),
            created_at=self.now,
            expires_at=terms.expires_at,
            replaces=terms.replaces,
        )
        api_keys.insert_key(self.connection, stored)
        details = {"name": stored.name, "scopes": stored.scopes, "replaces": terms.replaces}
        self._note(Action.KEY_ROTATED if terms.replaces else Action.KEY_CREATED, key_id, details)
        return NewKey(key_id, self.team, key)

    def _note(self, action: Action, key_id: str, details: Mapping[str, Any]) -> None:
        ids = [one for one in (key_id, details["replaces"]) if one]
        audit.write_entry(self.connection, self.team_id, Doer(self.now), Deed(action, ids, details=details))


def _checked_name(name: str) -> str:
    if len(name) > NAME_CHARS_MAX:
        raise KeyRefusedError(f"a key's name has at most {NAME_CHARS_MAX} characters, this one {len(name)}")
    if not name.isprintable():
        raise KeyRefusedError(f"the name {quoted(name)} holds what cannot be printed: name the key in one line")
    return name


def _held(connection: Connection, key_id: str, team: str | None) -> StoredKey:
    found = api_keys.hold_key(connection, key_id, team)
    if found is None:
        where = f" in team {team!r}" if team else ""
        raise KeyRefusedError(f"there is no key with id {key_id!r}{where}; `prismd keys list` shows those there are")
    return found


def _check_can_be_replaced(key: StoredKey, now: datetime) -> None:
    if key.revoked_at is not None:
        raise KeyRefusedError(f"the key {key.id} is revoked: make a new one with `prismd keys create`")
    if key.expires_at is not None and key.expires_at <= now:
        raise KeyRefusedError(f"the key {key.id} has expired: make a new one with `prismd keys create`")
    if key.replaced_by is not None:
        raise KeyRefusedError(f"the key {key.id} has been rotated already: rotate {key.replaced_by} instead")


def team_named(connection: Connection, team: str | None) -> int:
    """Return the internal id of the team that a command names.

    Args:
        connection: Any connection.
        team: Public id of the team; None means the only one.

    Raises:
        KeyRefusedError: No team has this id; or no team is named and there is not exactly one.
    """
    public_id = team or _only_team(connection)
    team_id = teams.find_team(connection, public_id)
    if team_id is None:
        raise KeyRefusedError(f"there is no team {public_id!r}: name another")
    return team_id


def _only_team(connection: Connection) -> str:
    found = teams.first_teams(connection, 2)
    if not found:
        raise KeyRefusedError("there is no team yet: make one with --new-team")
    if len(found) > 1:
        raise KeyRefusedError("there are several teams: name one with --team")
    return found[0]
