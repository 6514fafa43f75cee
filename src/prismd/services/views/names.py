"""What the names in a team's views mean, noted before any name can come to mean something else."""

from __future__ import annotations

from prismd.core.properties.schema import OBJECT_TYPES
from prismd.core.views.names import ViewNames
from prismd.services.session import Transaction
from prismd.store import properties, views


def view_names(
    transaction: Transaction,
) -> ViewNames:
    """Return what reads and writes the names in a team's views."""
    return ViewNames(properties.load_schemas(transaction.connection, transaction.team_id, OBJECT_TYPES))


def note_names(
    transaction: Transaction,
) -> None:
    """Note what names mean in those views of a team that do not say it yet: they come from an earlier version.

    Args:
        transaction: Of the team.
    """
    unnoted = views.unnoted_views(transaction.connection, transaction.team_id)
    if unnoted:
        names = view_names(transaction)
        views.note_names(transaction.connection, transaction.team_id, [names.noted(view) for view in unnoted])
