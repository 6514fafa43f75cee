"""Finding records of several types by values of several properties, all in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from prismd.core.json.text import decode_stored
from prismd.store.connections.postgres import Connection
from prismd.store.encoding.arrays import int_array, text_array

# From the keys to their records, never the other way round: see store/records/records.py.
_HOLDERS: Final = """
SELECT wanted.nth::integer - 1, holder.id::text, holder.value
FROM unnest(%(types)s::text[], %(keys)s::text[], %(hashes)s::bigint[])
    WITH ORDINALITY AS wanted (object_type, key, key_hash, nth)
CROSS JOIN LATERAL (
    SELECT r.* FROM (
        SELECT record_id FROM record_key WHERE team_id = %(team)s AND key_hash = wanted.key_hash
        ORDER BY record_id
        OFFSET 0
    ) AS found
    CROSS JOIN LATERAL (
        SELECT id, (properties -> wanted.key)::text AS value FROM record
        WHERE team_id = %(team)s AND object_type = wanted.object_type AND id = found.record_id AND deleted_at IS NULL
        OFFSET 0
    ) AS r
    LIMIT %(each_max)s
) AS holder
"""


class WantedKey(NamedTuple):
    """A key to find records by.

    Args:
        object_type: The records' type.
        key: Key under which records store the value.
        key_hash: A hash of the value, from :meth:`KeyRule.hashes <prismd.core.records.keys.KeyRule.hashes>`.
    """

    object_type: str
    key: str
    key_hash: int


def holders_of_values(
    connection: Connection, team_id: int, wanted: Sequence[WantedKey], *, each_max: int
) -> list[tuple[int, str, Any]]:
    """Return the records that have given keys: the number of the key among the wanted ones, the id, and the value.

    Args:
        wanted: The keys; the caller compares real values.
        each_max: Maximum number of records for each key.
    """
    if not wanted:
        return []
    asked = {
        "team": team_id,
        "types": text_array([one.object_type for one in wanted]),
        "keys": text_array([one.key for one in wanted]),
        "hashes": int_array(one.key_hash for one in wanted),
        "each_max": each_max,
    }
    rows = connection.execute(_HOLDERS, asked).fetchall()
    return [(number, record_id, decode_stored(text or "null")) for number, record_id, text in rows]
