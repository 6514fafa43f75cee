"""What the names in a team's views mean, noted before any name can come to mean something else."""

from __future__ import annotations

from prismd.core.properties.schema import OBJECT_TYPES
from prismd.core.views.names import ViewNames
from prismd.store import properties, views
from prismd.store.connections.postgres import Connection


def view_names(connection: Connection, team_id: int) -> ViewNames:
    """Return what reads and writes the names in a team's views."""
    return ViewNames(properties.load_schemas(connection, team_id, OBJECT_TYPES))


def note_names(connection: Connection, team_id: int) -> None:
    """Note what names mean in those views of a team that do not say it yet: they come from an earlier version.

    Args:
        connection: Inside a transaction that is about to change properties or options.
    """
    unnoted = views.unnoted_views(connection, team_id)
    if unnoted:
        names = view_names(connection, team_id)
        views.note_names(connection, team_id, [names.noted(view) for view in unnoted])
