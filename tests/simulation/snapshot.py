"""Everything that PostgreSQL holds of some teams' imports, read in one statement and compared piece by piece."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from prismd.store.connections.postgres import Connection

#: By kind: what identifies an entry, then what there is to say of it.
Snapshot = dict[str, dict[tuple[Any, ...], tuple[Any, ...]]]

_KEY_LENGTHS: Final = {"record": 2, "key": 3, "slug": 3, "job": 2, "entry": 2, "chunk": 3, "result": 3, "touch": 3}

_READ: Final = """
SELECT 'record', json_build_array(team_id, id, object_type, version, properties, import_id,
                                  import_row, deleted_at)::text
FROM record WHERE team_id = ANY(%(teams)s)
UNION ALL
SELECT 'key', json_build_array(team_id, key_hash, record_id, count(*))::text
FROM record_key WHERE team_id = ANY(%(teams)s) GROUP BY team_id, key_hash, record_id
UNION ALL
SELECT 'slug', json_build_array(team_id, object_type, key)::text FROM key_property WHERE team_id = ANY(%(teams)s)
UNION ALL
SELECT 'job', json_build_array(team_id, id, object_type, synchronous, state, total, chunks, cursor, created, existing,
                               updated, failed, error_code, parent_job_id, contacts_created)::text
FROM import_job WHERE team_id = ANY(%(teams)s)
UNION ALL
SELECT 'entry', json_build_array(team_id, job_id, running)::text FROM import_queue WHERE team_id = ANY(%(teams)s)
UNION ALL
SELECT 'chunk', json_build_array(team_id, job_id, number, first_row, row_count,
                                 encode(rows, 'hex'), origins)::text
FROM import_chunk WHERE team_id = ANY(%(teams)s)
UNION ALL
SELECT 'result', json_build_array(team_id, job_id, number, first_row, row_count, created, existing, updated, failed,
                                  convert_from(verdicts, 'UTF8'))::text
FROM import_result WHERE team_id = ANY(%(teams)s)
UNION ALL
SELECT 'touch', json_build_array(team_id, job_id, record_id, first_row, version_before, version_after,
                                 before, after)::text
FROM import_touch WHERE team_id = ANY(%(teams)s)
"""


class Reader:
    """Reads snapshots, and decodes each entry once.

    Args:
        connection: In autocommit mode.
        teams: Internal ids.
    """

    def __init__(self, connection: Connection, teams: Sequence[int]) -> None:
        self._connection = connection
        self._teams = list(teams)
        self._decoded: dict[tuple[str, str], list[Any]] = {}

    def read(self) -> Snapshot:
        """Return what everybody can see now."""
        snapshot: Snapshot = {kind: {} for kind in _KEY_LENGTHS}
        decoded: dict[tuple[str, str], list[Any]] = {}
        for entry in self._connection.execute(_READ, {"teams": self._teams}):
            values = self._decoded.get(entry) or msgspec.json.decode(entry[1])
            decoded[entry] = values
            length = _KEY_LENGTHS[entry[0]]
            snapshot[entry[0]][tuple(values[:length])] = tuple(values[length:])
        self._decoded = decoded
        return snapshot
