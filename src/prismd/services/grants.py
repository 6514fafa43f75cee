"""Use cases of grants: prismd stores who can do what with a record, and enforces none of it (contract, section 12)."""

from __future__ import annotations

from prismd.core.audit import Action, Deed
from prismd.core.errors import PrismdError
from prismd.core.grants import Grant
from prismd.core.ids import is_uuid
from prismd.core.wording.quoting import quoted
from prismd.services.audit import note
from prismd.services.records.deleted import NamedRecord
from prismd.services.session import Transaction
from prismd.store import grants


def get_grant(transaction: Transaction, object_type: str, record_id: str) -> Grant:
    """Return the grant of a record; a record without one grants everything to the whole team.

    Args:
        record_id: The record's id, exactly as the caller sent it.

    Raises:
        PrismdError: ``not_found``, also for deleted records and for malformed ids.
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


def put_grant(transaction: Transaction, named: NamedRecord, grant: Grant) -> None:
    """Replace the grant of a record.

    Args:
        named: The record.
        grant: The complete new grant.

    Raises:
        PrismdError: ``not_found``, also for deleted records and for malformed ids.
    """
    where = (transaction.team_id, named.object_type, named.record_id)
    if not is_uuid(named.record_id) or not grants.put_grant(transaction.connection, *where, grant):
        raise _missing(named.object_type, named.record_id)
    note(transaction, Deed(Action.GRANT_CHANGED, [named.record_id], named.object_type))


def _missing(object_type: str, record_id: str) -> PrismdError:
    return PrismdError("not_found", f"there is no {object_type} with the id {quoted(record_id)}")
