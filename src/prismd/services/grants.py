"""Who may do what with a record, read and put as use cases; prismd keeps it and acts on none of it (contract, 12)."""

from __future__ import annotations

from prismd.core.errors import PrismdError
from prismd.core.grants import Grant
from prismd.core.ids import is_uuid
from prismd.core.quoting import quoted
from prismd.services.teams import Caller
from prismd.store import grants
from prismd.store.postgres import Connection


def get_grant(connection: Connection, caller: Caller, object_type: str, record_id: str) -> Grant:
    """Return the grant of a record; until one is put, the whole team has all.

    Args:
        caller: Whose team it is.
        record_id: As the caller wrote it.

    Raises:
        PrismdError: ``not_found``, also for deleted records and for ids that are none.
    """
    everything = Grant({caller.public_id: "a"})
    found = (
        grants.find_grant(connection, caller.team_id, object_type, record_id, otherwise=everything)
        if is_uuid(record_id)
        else None
    )
    if found is None:
        raise _missing(object_type, record_id)
    return found


def put_grant(connection: Connection, caller: Caller, object_type: str, record_id: str, grant: Grant) -> None:
    """Put the grant of a record in place of what it had.

    Args:
        caller: Whose team it is.
        record_id: As the caller wrote it.
        grant: The whole of it.

    Raises:
        PrismdError: ``not_found``, also for deleted records and for ids that are none.
    """
    if not is_uuid(record_id) or not grants.put_grant(connection, caller.team_id, object_type, record_id, grant):
        raise _missing(object_type, record_id)


def _missing(object_type: str, record_id: str) -> PrismdError:
    return PrismdError("not_found", f"there is no {object_type} with the id {quoted(record_id)}")
