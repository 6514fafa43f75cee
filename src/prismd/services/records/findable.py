"""Making records findable by a property before a read; a read writes nothing else."""

from __future__ import annotations

from prismd.core.properties.schema import Property
from prismd.services.records.keys import ensure_key
from prismd.services.session import Transaction


def make_findable(transaction: Transaction, object_type: str, prop: Property, *, tells_apart: bool = False) -> None:
    """Make records findable by a property and commit at once, so that the following read blocks nobody.

    The first use of a property reads all records of the type while it holds the lock of the type, which chunks of
    imports wait for. A read calls this function before it looks records up by the property; a write calls
    :func:`ensure_key <prismd.services.records.keys.ensure_key>` in its own transaction instead.

    Args:
        transaction: The team's open transaction. It has written nothing yet; after a commit, it continues as a new one.
        object_type: The type that has the property.
        prop: A property whose values can be compared.
        tells_apart: Whether the property identifies records; False if it only finds them.
    """
    if ensure_key(transaction, object_type, prop, tells_apart=tells_apart):
        transaction.commit_and_go_on()
