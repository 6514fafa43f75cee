"""Making records findable by a property before a read: the only thing that a read ever writes."""

from __future__ import annotations

from prismd.core.properties.schema import Property
from prismd.services.records.keys import ensure_key
from prismd.services.session import Transaction
from prismd.store.connections import transactions


def make_findable(transaction: Transaction, object_type: str, prop: Property, *, tells_apart: bool = False) -> None:
    """Make records findable by a property, and commit that at once, so that nobody waits for the read that follows.

    The first use of a property reads all records of the type, under the lock by which imports of the type take turns.
    A read calls this before it goes by the property; a write calls :func:`ensure_key
    <prismd.services.records.keys.ensure_key>`, in its own transaction.

    Args:
        transaction: Of the team; it has written nothing, and goes on as another one.
        object_type: The type that has the property.
        prop: A property that can be compared.
        tells_apart: Whether records are told apart by it, and not only found.
    """
    connection, team_id = transaction.connection, transaction.team_id
    if ensure_key(connection, team_id, object_type, prop, tells_apart=tells_apart):
        transactions.commit(connection, team_id)
