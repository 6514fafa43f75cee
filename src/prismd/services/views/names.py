"""Reading and recording what the names in a team's views refer to, before a rename can change that."""

from __future__ import annotations

from prismd.core.properties.schema import OBJECT_TYPES
from prismd.core.views.names import ViewNames
from prismd.services.session import Transaction
from prismd.store import properties, views


def view_names(transaction: Transaction) -> ViewNames:
    """Return the translator of names in a team's views."""
    return ViewNames(properties.load_schemas(transaction.connection, transaction.team_id, OBJECT_TYPES))


def note_names(transaction: Transaction) -> None:
    """Record what names refer to in those views of a team that an earlier version stored without it.

    Args:
        transaction: The team's open transaction.
    """
    unnoted = views.unnoted_views(transaction.connection, transaction.team_id)
    if unnoted:
        names = view_names(transaction)
        views.note_names(transaction.connection, transaction.team_id, [names.noted(view) for view in unnoted])
