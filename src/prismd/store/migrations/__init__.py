"""The database's schema, as numbered SQL revisions that Alembic applies."""
