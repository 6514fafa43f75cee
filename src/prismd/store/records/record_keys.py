"""The index of records by property values: hashes of normalised keys, for the properties that are used as keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from prismd.store.connections.postgres import Connection
from prismd.store.encoding.arrays import int_array, text_array
from prismd.store.encoding.binary_copy import BIGINT, HEADER, UUID, BinaryCopy
from prismd.store.locations import BEGIN_HERE

#: A key hash and the id of the record that has it.
Entry = tuple[int, str]

_KEYS_IN_USE: Final = "SELECT key, tells_apart FROM key_property WHERE team_id = %s AND object_type = %s ORDER BY key"

_ADD: Final = """
INSERT INTO key_property (team_id, object_type, key, tells_apart) VALUES (%s, %s, %s, %s)
ON CONFLICT (team_id, object_type, key) DO UPDATE SET tells_apart = key_property.tells_apart OR excluded.tells_apart
"""

_INSERT: Final = """
INSERT INTO record_key (team_id, key_hash, record_id)
SELECT %(team)s, added.key_hash, added.record_id
FROM unnest(%(hashes)s::bigint[], %(ids)s::uuid[]) AS added (key_hash, record_id)
-- Of two values of a record that have one hash, the entry of one is enough.
ON CONFLICT (team_id, key_hash, record_id) DO NOTHING
"""
_COPY: Final = BinaryCopy("record_key", {"team_id": BIGINT, "key_hash": BIGINT, "record_id": UUID})

# From the keys to their rows, never the other way round: see store/records/records.py.
_DELETE: Final = f"""
DELETE FROM record_key AS k
USING unnest(ARRAY(
    SELECT found.location
    FROM unnest(%(hashes)s::bigint[], %(ids)s::uuid[]) AS gone (key_hash, record_id)
    CROSS JOIN LATERAL (
        SELECT ctid AS location FROM record_key
        WHERE team_id = %(team)s AND key_hash = gone.key_hash AND record_id = gone.record_id
        OFFSET 0
    ) AS found
)) WITH ORDINALITY AS gone (location, nth)
WHERE k.team_id = %(team)s AND k.ctid = gone.location AND {BEGIN_HERE}
"""

# The name in words keeps this lock different from every other advisory lock.
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"


def lock_type(connection: Connection, team_id: int, object_type: str) -> None:
    """Wait until no other transaction writes keys of a team's object type; keep others waiting until this one ends.

    So two simultaneous imports never make the same key twice, whichever property is their key.
    """
    connection.execute(_LOCK, (f"prismd keys of {object_type} in team {team_id}",))


def keys_in_use(connection: Connection, team_id: int, object_type: str) -> dict[str, bool]:
    """Return the keys of the properties that find records, and whether a property also tells records apart."""
    return dict(connection.execute(_KEYS_IN_USE, (team_id, object_type)).fetchall())


def add_key(connection: Connection, team_id: int, object_type: str, key: str, *, tells_apart: bool = False) -> None:
    """Note that a property's values find records from now on.

    Args:
        key: The property's key.
        tells_apart: Whether the property tells records apart; once it does, it always does.
    """
    connection.execute(_ADD, (team_id, object_type, key, tells_apart))


def key_rows(team_id: int, entries: Iterable[Entry]) -> bytes:
    """Return keys in the form that :func:`copy_keys` takes.

    Args:
        entries: Key hashes and ids of their records.
    """
    # In the order of the index, so that its pages are visited one after the other: among many millions of keys, each
    # key is on another page. If two values of a record have the same hash, one entry is enough.
    in_order = sorted(set(entries))
    hashes, ids = [key_hash for key_hash, _ in in_order], [record_id for _, record_id in in_order]
    return _COPY.rows_with(team_id=team_id).rows(key_hash=hashes, record_id=ids)


def insert_keys(connection: Connection, team_id: int, entries: Iterable[Entry]) -> None:
    """Write keys of a team's records.

    Args:
        entries: Key hashes and ids of their records.
    """
    # In the order of the index, as in :func:`key_rows`.
    if added := sorted(entries):
        hashes, ids = int_array(entry[0] for entry in added), text_array([entry[1] for entry in added])
        connection.execute(_INSERT, {"team": team_id, "hashes": hashes, "ids": ids})


def copy_keys(connection: Connection, rows: bytes) -> None:
    """Do the same as :func:`insert_keys`, faster, for imports only: COPY does not work under row-level security.

    Args:
        rows: The rows from :func:`key_rows`.
    """
    if rows:
        with connection.cursor().copy(_COPY.statement) as copy:
            copy.write(HEADER + rows)


def delete_keys(connection: Connection, team_id: int, entries: Iterable[Entry]) -> None:
    """Delete keys that records no longer have."""
    gone = list(entries)
    if gone:
        hashes, ids = int_array(entry[0] for entry in gone), text_array([entry[1] for entry in gone])
        connection.execute(_DELETE, {"team": team_id, "hashes": hashes, "ids": ids})
