"""Change sets in PostgreSQL."""
