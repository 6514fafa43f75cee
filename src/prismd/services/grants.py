"""Who may do what with a record, read and put as use cases; prismd keeps it and acts on none of it (contract, 12)."""

from __future__ import annotations

from prismd.core.audit import Action, Deed
from prismd.core.errors import PrismdError
from prismd.core.grants import Grant
from prismd.core.ids import is_uuid
from prismd.core.wording.quoting import quoted
from prismd.services.audit import note
from prismd.services.records.deleted import RecordPlace
from prismd.services.session import Transaction
from prismd.store import grants


def get_grant(transaction: Transaction, object_type: str, record_id: str) -> Grant:
    """Return the grant of a record; until one is put, the whole team has all.

    Args:
        record_id: As the caller wrote it.

    Raises:
        PrismdError: ``not_found``, also for deleted records and for ids that are none.
    """
    everything = Grant({transaction.session.caller.public_id: "a"})
    found = (
        grants.find_grant(transaction.connection, transaction.team_id, object_type, record_id, otherwise=everything)
        if is_uuid(record_id)
        else None
    )
    if found is None:
        raise _missing(object_type, record_id)
    return found


def put_grant(transaction: Transaction, place: RecordPlace, grant: Grant) -> None:
    """Put the grant of a record in place of what it had.

    Args:
        place: Of the record.
        grant: The whole of it.

    Raises:
        PrismdError: ``not_found``, also for deleted records and for ids that are none.
    """
    where = (transaction.team_id, place.object_type, place.record_id)
    if not is_uuid(place.record_id) or not grants.put_grant(transaction.connection, *where, grant):
        raise _missing(place.object_type, place.record_id)
    note(transaction, Deed(Action.GRANT_CHANGED, [place.record_id], place.object_type))


def _missing(object_type: str, record_id: str) -> PrismdError:
    return PrismdError("not_found", f"there is no {object_type} with the id {quoted(record_id)}")
